-- Purpose: every accepted record of the fraud-rules topic, in the order of its log.
-- Grain:   one row a record. Source: contracts/bronze/raw_fraud_rules.
SELECT raw_payload FROM bronze.raw_fraud_rules
ORDER BY min(kafka_timestamp) OVER (PARTITION BY log_id), log_id, kafka_partition, kafka_offset;
