-- Grain: one row a record of one topic that ended somewhere. Key: (log_id, kafka_partition, kafka_offset), if disjoint.
-- Source: the topic's bronze table and bronze.dead_letters.
SELECT log_id, kafka_partition, kafka_offset, FALSE AS dead
FROM bronze.{table}
UNION ALL
SELECT log_id, source_partition, source_offset, TRUE
FROM bronze.dead_letters
WHERE source_topic = {topic}
