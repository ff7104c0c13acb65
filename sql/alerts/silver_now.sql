-- Purpose: the log's own clock as far as silver has read it, the newest Kafka timestamp of a purchase.
-- Grain:   one row. Source: contracts/silver/clean_transactions.
SELECT max(kafka_timestamp) FROM silver.clean_transactions;
