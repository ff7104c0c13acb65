-- Grain: one row a record that is in bronze and in dead letters at once, which must not be.
-- Key: (log_id, kafka_partition, kafka_offset). Source: the topic's bronze table and bronze.dead_letters.
SELECT b.log_id, b.kafka_partition, count(*) AS overlaps, min(b.kafka_offset) AS first_overlap
FROM bronze.{table} AS b
JOIN bronze.dead_letters AS d
    ON d.log_id = b.log_id AND d.source_partition = b.kafka_partition AND d.source_offset = b.kafka_offset
WHERE d.source_topic = {topic}
GROUP BY b.log_id, b.kafka_partition
