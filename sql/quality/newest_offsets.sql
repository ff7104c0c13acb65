-- Purpose: the end, exclusive, of what a table holds of each log partition.
-- Grain:   one row a log partition. Key: (log_id, partition). Source: any dataset with coordinates in a log.
SELECT log_id, {partition}, max({offset}) + 1 FROM {table} GROUP BY log_id, {partition}
