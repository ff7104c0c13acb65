-- Purpose: how many purchases came late, how many of them alert, and how many have no score though a rule set was live.
-- Grain:   one row. Source: contracts/silver/clean_transactions, ops.base_scores.
SELECT
    count(*),
    count(*) FILTER (WHERE c.is_late),
    count(*) FILTER (WHERE c.is_late AND c.is_alert),
    count(*) FILTER (WHERE c.is_late AND c.fraud_score IS NULL AND b.rule_set IS NOT NULL)
FROM silver.clean_transactions AS c
LEFT JOIN ops.base_scores AS b
    ON c.is_late AND c.event_timestamp >= b.effective_from AND c.event_timestamp < b.effective_to
