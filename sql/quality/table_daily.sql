-- Purpose: gold.agg_daily_fraud in the form of recount_daily.sql.
-- Grain:   one row a day and rule. Key: (date_key, rule). Source: contracts/gold/agg_daily_fraud.
SELECT
    concat_ws('/', date_key, rule) AS key,
    ROW(transactions, alerts, amount_alerted, labelled_fraud, true_positives, false_positives, amount_labelled,
        amount_caught)::text AS line
FROM gold.agg_daily_fraud
