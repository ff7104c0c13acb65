-- Purpose: every rejected record, to the topic of dead letters.
-- Grain: a rejected Kafka record. Key: the source's key.
INSERT INTO dead_letters_topic
SELECT
    msg_key,
    body,
    MAP[
        'reason', ENCODE(reason, 'UTF-8'),
        'detail', ENCODE(detail, 'UTF-8'),
        'source_topic', ENCODE(kafka_topic, 'UTF-8'),
        'source_log_id', ENCODE(log_id, 'UTF-8'),
        'source_partition', ENCODE(CAST(kafka_partition AS STRING), 'UTF-8'),
        'source_offset', ENCODE(CAST(kafka_offset AS STRING), 'UTF-8'),
        'source_timestamp_ms', ENCODE(CAST(kafka_ms AS STRING), 'UTF-8'),
        'contract_version', ENCODE(contract_version, 'UTF-8'),
        'produced_at_us', ENCODE(produced_at_us, 'UTF-8')
    ],
    CASE WHEN kafka_ms BETWEEN 0 AND {{ last_ms }} THEN kafka_time END
FROM checked
WHERE reason IS NOT NULL
