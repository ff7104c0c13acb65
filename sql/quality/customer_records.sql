-- Purpose: every accepted purchase record of one customer, byte for byte, in the order of its logs.
-- Grain:   one row a record. Key: (log_id, kafka_partition, kafka_offset). Source: contracts/bronze/raw_transactions.
SELECT log_id, kafka_partition, kafka_offset, kafka_key, raw_bytes, (extract(epoch FROM kafka_timestamp) * 1000)::bigint
FROM bronze.raw_transactions
WHERE kafka_key = {key}
ORDER BY log_id, kafka_partition, kafka_offset
