-- Grain: one row an hour of event time with its alerts and labelled frauds. Source contract: gold/fact_transactions.
SELECT
    date_trunc('hour', event_timestamp) AS hour,
    count(*) FILTER (WHERE fraud_flag) AS alerts,
    count(*) FILTER (WHERE label_fraud) AS labelled
FROM gold.fact_transactions
GROUP BY 1
ORDER BY 1;
