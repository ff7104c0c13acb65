-- Purpose: count the records of each partition of one topic's log by where they ended.
-- Grain:   one row a partition. Key: (log_id, kafka_partition). Source: seen_offsets.sql.
SELECT log_id,
       kafka_partition,
       count(*) FILTER (WHERE NOT dead) AS bronze,
       count(*) FILTER (WHERE dead) AS dead,
       min(kafka_offset) AS first_seen,
       max(kafka_offset) AS last_seen
FROM ({seen}) AS seen
GROUP BY log_id, kafka_partition
