-- Purpose: count the touched hours anew.
-- Grain:   one row an hour, store version and currency. Key: the same. Source: contracts/gold/agg_hourly_sales.
INSERT INTO gold.agg_hourly_sales (hour_start, store_key, currency, transactions, amount_sum, amount_max, customers)
SELECT h.hour_start, f.store_key, f.currency, count(*), sum(f.amount), max(f.amount), count(DISTINCT f.customer_id)
FROM gold.fact_transactions AS f
JOIN touched_hours AS h ON h.hour_start = date_trunc('hour', f.event_timestamp, 'UTC')
WHERE f.event_timestamp >= {first_hour} AND f.event_timestamp < {last_hour}::timestamptz + interval '1 hour'
GROUP BY h.hour_start, f.store_key, f.currency;
