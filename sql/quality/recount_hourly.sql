-- Purpose: what gold.agg_hourly_sales must hold, counted from the facts (which verify holds against bronze themselves).
-- Grain:   one row an hour, store version and currency. Key: the same three. Source: contracts/gold/fact_transactions.
SELECT
    concat_ws('/', hour_start, store_key, currency) AS key,
    ROW(transactions, amount_sum, amount_max, customers)::text AS line
FROM (
    SELECT
        date_trunc('hour', event_timestamp) AS hour_start,
        store_key,
        currency,
        count(*) AS transactions,
        sum(amount)::numeric(18, 2) AS amount_sum,
        max(amount)::numeric(14, 2) AS amount_max,
        count(DISTINCT customer_id) AS customers
    FROM gold.fact_transactions
    GROUP BY 1, 2, 3
) AS a
