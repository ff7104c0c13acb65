-- Purpose: the partitions by offset that retention may look at, oldest first.
-- Grain:   one row a partition that is attached. Key: (table_name, from_offset). Source: ops.offset_partitions.
-- raw_fraud_rules stays whole: a replay of any age needs the rule sets of its time.
SELECT table_name, partition_name FROM ops.offset_partitions
WHERE detached_at IS NULL AND table_name <> 'raw_fraud_rules'
ORDER BY table_name, from_offset;
