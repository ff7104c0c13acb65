-- Purpose: the log's own clock, the newest Kafka timestamp of a purchase.
-- Grain:   one row. Source: contracts/bronze/raw_transactions.
SELECT max(kafka_timestamp) FROM bronze.raw_transactions;
