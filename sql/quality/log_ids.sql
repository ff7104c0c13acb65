-- Purpose: the logs that purchases came from, oldest first.
-- Grain:   one row a log. Key: log_id. Source: contracts/bronze/raw_transactions.
SELECT log_id FROM bronze.raw_transactions GROUP BY log_id ORDER BY min(kafka_timestamp), log_id
