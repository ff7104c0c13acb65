-- Purpose: the logs that purchases came from, newest first, and the newest event time in each.
-- Grain:   one row a log. Key: log_id. Source: contracts/bronze/raw_transactions.
SELECT log_id, max(event_timestamp) FROM bronze.raw_transactions GROUP BY log_id ORDER BY min(kafka_timestamp) DESC, log_id
