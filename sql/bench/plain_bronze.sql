-- Purpose: the target of the plain consumer: the columns and the key of bronze's purchases, logged as they are, unpartitioned.
-- Grain:   an accepted Kafka record. Key: (log_id, kafka_partition, kafka_offset). Source: contracts/bronze/raw_transactions.
-- For a platform of the benchmark's own.
DROP TABLE IF EXISTS bronze.plain_bronze;
CREATE TABLE bronze.plain_bronze (
    LIKE bronze.raw_transactions INCLUDING DEFAULTS INCLUDING IDENTITY,
    PRIMARY KEY (log_id, kafka_partition, kafka_offset)
);
