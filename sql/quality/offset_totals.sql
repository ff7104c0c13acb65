-- Grain: one row a partition of one topic's log. Key: (log_id, kafka_partition). Source: seen_offsets.
SELECT log_id,
       kafka_partition,
       count(*) FILTER (WHERE NOT dead) AS bronze,
       count(*) FILTER (WHERE dead) AS dead,
       min(kafka_offset) AS first_seen,
       max(kafka_offset) AS last_seen
FROM ({seen}) AS seen
GROUP BY log_id, kafka_partition
