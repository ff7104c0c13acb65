-- Purpose: gold.agg_hourly_sales in the form of recount_hourly.sql.
-- Grain:   one row an hour, store version and currency. Key: the same three. Source: contracts/gold/agg_hourly_sales.
SELECT
    concat_ws('/', hour_start, store_key, currency) AS key,
    ROW(transactions, amount_sum, amount_max, customers)::text AS line
FROM gold.agg_hourly_sales
