-- Purpose: the baseline of bronze_to_silver: the purchases of bronze over the foreign table, as they are.
-- Grain:   one row a record. Key: (log_id, kafka_partition, kafka_offset). Source: contracts/bronze/raw_transactions.
INSERT INTO plain_copy SELECT * FROM bronze_ext.raw_transactions;
