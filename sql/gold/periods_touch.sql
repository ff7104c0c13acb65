-- Purpose: touch the hours of purchases that another rule set was live for than the last run counted with.
-- Grain:   one row a purchase. Source: contracts/gold/fact_transactions, ops.base_scores of silver.
INSERT INTO touched_times
SELECT f.event_timestamp
FROM gold.fact_transactions AS f
LEFT JOIN ops.rule_periods AS o ON f.event_timestamp >= o.effective_from AND f.event_timestamp < o.effective_to
LEFT JOIN silver_ext.base_scores AS n ON f.event_timestamp >= n.effective_from AND f.event_timestamp < n.effective_to
WHERE o.rule_set IS DISTINCT FROM n.rule_set;
