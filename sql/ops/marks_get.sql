-- Purpose: how far a transform has come in each log partition of a source.
-- Grain:   one row a log partition. Key: (log_id, kafka_partition).
SELECT log_id, kafka_partition, next_offset FROM ops.marks
WHERE transform = {transform} AND source_table = {source_table};
