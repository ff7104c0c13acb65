-- Purpose: how many purchases each day had, and how many of them came late. An operator waits for it: one pass.
-- Grain:   one row a UTC day, the newest first. Key: day. Source: contracts/silver/clean_transactions.
SELECT (event_timestamp AT TIME ZONE 'UTC')::date AS day, count(*), count(*) FILTER (WHERE is_late)
FROM silver.clean_transactions
GROUP BY 1
ORDER BY 1 DESC
