-- Purpose: record how far a transform has come; in the same transaction as its rows.
-- Grain:   one row a transform, source and log partition.
INSERT INTO ops.marks (transform, source_table, log_id, kafka_partition, next_offset, run_id)
VALUES ({transform}, {source_table}, {log_id}, {kafka_partition}, {next_offset}, {run_id})
ON CONFLICT (transform, source_table, log_id, kafka_partition)
DO UPDATE SET next_offset = excluded.next_offset, run_id = excluded.run_id, updated_at = now();
