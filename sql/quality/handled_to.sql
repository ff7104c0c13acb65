-- Purpose: how far a transform has come in each log partition.
-- Grain:   one row a log partition. Key: (source_table, log_id, kafka_partition). Source: ops.marks.
SELECT source_table, log_id, kafka_partition, next_offset FROM ops.marks WHERE transform = {transform}
