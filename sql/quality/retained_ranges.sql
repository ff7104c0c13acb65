-- Grain: one row a range of offsets that retention removed; to_offset is exclusive. Source: ops.retention_ledger.
SELECT log_id, kafka_partition, from_offset, to_offset
FROM ops.retention_ledger
WHERE table_name = {table}
ORDER BY log_id, kafka_partition, from_offset
