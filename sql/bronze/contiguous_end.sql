-- Purpose: the end, exclusive, of the unbroken run of offsets from a start on, received or rejected.
-- Grain:   one row. Source: one raw table and bronze.dead_letters.
-- Sinks commit independently, so the highest offset proves nothing; a row is at its place in the run exactly when its
-- offset is the start plus the number of different offsets before it.
WITH received AS (
    SELECT kafka_offset AS position FROM {table}
    WHERE log_id = {log_id} AND kafka_partition = {kafka_partition}
          AND kafka_offset >= {from_offset} AND kafka_offset < {limit_offset}
    UNION ALL
    SELECT source_offset FROM bronze.dead_letters
    WHERE log_id = {log_id} AND source_partition = {kafka_partition}
          AND source_offset >= {from_offset} AND source_offset < {limit_offset}
)
SELECT coalesce(max(placed.position) + 1, {from_offset}::bigint)
FROM (SELECT position, dense_rank() OVER (ORDER BY position) AS place FROM received) AS placed
WHERE placed.position = {from_offset} + placed.place - 1;
