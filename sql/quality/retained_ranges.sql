-- Purpose: read the ranges that retention removed; to_offset is exclusive.
-- Grain:   one row a range. Key: (log_id, kafka_partition, from_offset). Source: ops.retention_ledger.
SELECT log_id, kafka_partition, from_offset, to_offset
FROM ops.retention_ledger
WHERE table_name = {table}
ORDER BY log_id, kafka_partition, from_offset
