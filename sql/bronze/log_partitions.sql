-- Purpose: the log partitions that a raw table holds, oldest log first, each with the offset where its history begins.
-- Grain:   one row a log partition. Key: (log_id, kafka_partition). Source: the raw table, ops.ingest_start, the ledger.
-- Skips along the primary key instead of reading every row.
WITH RECURSIVE present AS (
    (SELECT r.log_id, r.kafka_partition, r.kafka_timestamp FROM {table} AS r
     ORDER BY r.log_id, r.kafka_partition, r.kafka_offset LIMIT 1)
    UNION ALL
    SELECT n.log_id, n.kafka_partition, n.kafka_timestamp
    FROM present AS p
    CROSS JOIN LATERAL (
        SELECT r.log_id, r.kafka_partition, r.kafka_timestamp FROM {table} AS r
        WHERE (r.log_id, r.kafka_partition) > (p.log_id, p.kafka_partition)
        ORDER BY r.log_id, r.kafka_partition, r.kafka_offset LIMIT 1
    ) AS n
)
SELECT
    p.log_id,
    p.kafka_partition,
    greatest(
        coalesce(s.first_offset, 0),
        coalesce((SELECT max(l.to_offset) FROM ops.retention_ledger AS l
                  WHERE l.table_name = {table_name} AND l.log_id = p.log_id
                        AND l.kafka_partition = p.kafka_partition), 0)
    ) AS first_offset
FROM present AS p
LEFT JOIN ops.ingest_start AS s ON s.log_id = p.log_id AND s.kafka_partition = p.kafka_partition
ORDER BY min(p.kafka_timestamp) OVER (PARTITION BY p.log_id), p.log_id, p.kafka_partition;
