-- Purpose: take a partition out of its table.
-- Grain:   one partition.
ALTER TABLE {table} DETACH PARTITION {partition};
