-- Grain: one row an hour of event time with the stream's own count of purchases. Source contract: gold/agg_realtime_1h.
SELECT window_start, sum(transactions)::bigint AS transactions, sum(amount_minor_sum) / 100.0 AS amount
FROM gold.agg_realtime_1h
GROUP BY window_start
ORDER BY window_start;
