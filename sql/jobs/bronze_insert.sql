-- Purpose: the accepted records of one topic, to their bronze table.
-- Grain: a Kafka record. Key: (log_id, kafka_partition, kafka_offset).
INSERT INTO {{ table }}
SELECT
    log_id, kafka_topic, kafka_partition, kafka_offset, msg_key,
    CAST(kafka_time AS STRING) || 'Z',
    headers, event_time, DECODE(body, 'UTF-8'), body, status, schema_version
FROM checked
WHERE reason IS NULL AND kafka_topic = {{ topic | literal }}
