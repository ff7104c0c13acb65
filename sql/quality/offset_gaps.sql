-- Purpose: find the ranges of offsets that ended nowhere, in the database, so that only gaps travel.
-- Grain:   one row a gap, both ends in it. Key: (log_id, kafka_partition, first_missing). Source: seen_offsets.sql.
SELECT log_id, kafka_partition, previous + 1 AS first_missing, kafka_offset - 1 AS last_missing
FROM (
    SELECT log_id,
           kafka_partition,
           kafka_offset,
           lag(kafka_offset) OVER (PARTITION BY log_id, kafka_partition ORDER BY kafka_offset) AS previous
    FROM ({seen}) AS seen
) AS pairs
WHERE kafka_offset > previous + 1
ORDER BY log_id, kafka_partition, first_missing
