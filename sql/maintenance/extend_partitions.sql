-- Purpose: make room for the offsets to come.
-- Grain:   one row, the number of partitions made.
SELECT ops.extend_partitions();
