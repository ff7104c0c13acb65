-- Purpose: the baseline's table, without indexes but the key.
-- Grain:   one row a record. Key: (log_id, kafka_partition, kafka_offset).
CREATE TEMP TABLE plain_copy (LIKE bronze_ext.raw_transactions) ON COMMIT DROP;
ALTER TABLE plain_copy ADD PRIMARY KEY (log_id, kafka_partition, kafka_offset);
