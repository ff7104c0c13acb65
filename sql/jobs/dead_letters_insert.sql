-- Purpose: every rejected record, to the table of dead letters.
-- Grain: a Kafka record. Key: (log_id, source_partition, source_offset).
-- A Kafka timestamp that no calendar holds becomes NULL: PostgreSQL would refuse it, and the whole batch with it.
INSERT INTO {{ table }}
SELECT
    log_id, kafka_topic, kafka_partition, kafka_offset, msg_key,
    CASE WHEN kafka_ms BETWEEN 0 AND {{ last_ms }} THEN CAST(kafka_time AS STRING) || 'Z' END,
    headers, body, reason, detail, contract_version
FROM checked
WHERE reason IS NOT NULL
