-- Purpose: a part of other statements: where every record of one topic ended.
-- Grain:   one row a record. Key: (log_id, kafka_partition, kafka_offset), if disjoint. Source: contracts/bronze.
SELECT log_id, kafka_partition, kafka_offset, FALSE AS dead
FROM bronze.{table}
UNION ALL
SELECT log_id, source_partition, source_offset, TRUE
FROM bronze.dead_letters
WHERE source_topic = {topic}
