-- Purpose: record that a partition is gone.
-- Grain:   one partition. Source: ops.offset_partitions.
UPDATE ops.offset_partitions SET detached_at = now()
WHERE table_name = {table_name} AND partition_name = {partition_name};
