-- Purpose: the target of the plain consumer: the columns and the key of bronze's purchases, without its partitions.
-- Grain:   an accepted Kafka record. Key: (log_id, kafka_partition, kafka_offset). Source: contracts/bronze/raw_transactions.
CREATE TEMPORARY TABLE plain_bronze (
    LIKE bronze.raw_transactions INCLUDING DEFAULTS INCLUDING IDENTITY,
    PRIMARY KEY (log_id, kafka_partition, kafka_offset)
);
