-- Purpose: what a partition holds, by log partition; to_offset is exclusive.
-- Grain:   one row a log partition. Key: (log_id, kafka_partition). Source: one partition of a raw table.
SELECT log_id, kafka_partition, min(kafka_offset) AS from_offset, max(kafka_offset) + 1 AS to_offset, count(*) AS rows,
       max(kafka_timestamp) AS newest
FROM {partition} GROUP BY log_id, kafka_partition ORDER BY log_id, kafka_partition;
