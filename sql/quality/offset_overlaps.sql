-- Purpose: count the records that are in bronze and in dead letters at once, which must not be.
-- Grain:   one row a partition. Key: (log_id, kafka_partition). Source: contracts/bronze.
SELECT b.log_id, b.kafka_partition, count(*) AS overlaps, min(b.kafka_offset) AS first_overlap
FROM bronze.{table} AS b
JOIN bronze.dead_letters AS d
    ON d.log_id = b.log_id AND d.source_partition = b.kafka_partition AND d.source_offset = b.kafka_offset
WHERE d.source_topic = {topic}
GROUP BY b.log_id, b.kafka_partition
