-- Purpose: every accepted purchase record of one log, byte for byte, in the order in which it was decided.
-- Grain:   one row a record. Key: (kafka_partition, kafka_offset). Source: contracts/bronze/raw_transactions.
SELECT kafka_partition, kafka_offset, kafka_key, raw_bytes, (extract(epoch FROM kafka_timestamp) * 1000)::bigint
FROM bronze.raw_transactions
WHERE log_id = {log_id}
ORDER BY log_id, kafka_partition, kafka_offset
