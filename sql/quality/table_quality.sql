-- Purpose: gold.agg_rule_quality in the form of recount_quality.sql.
-- Grain:   one row a day, rule set, rule and delay. Key: the same. Source: contracts/gold/agg_rule_quality.
SELECT
    concat_ws('/', date_key, rule_set, rule, delay_days) AS key,
    ROW(purchases, alerts, alerts_labelled, frauds_caught, frauds_known, amount_alerted, amount_caught,
        amount_known)::text AS line
FROM gold.agg_rule_quality
