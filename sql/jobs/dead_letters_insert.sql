-- Purpose: every rejected record, to the table of dead letters.
-- Grain: a Kafka record. Key: (log_id, source_partition, source_offset).
-- A Kafka timestamp that no calendar holds (-1 is Kafka's "none") becomes the epoch: PostgreSQL would refuse it, and
-- the whole batch with it. The dead-letter topic keeps it as a number.
INSERT INTO {{ table }}
SELECT
    log_id, kafka_topic, kafka_partition, kafka_offset, msg_key,
    CASE WHEN kafka_ms BETWEEN 0 AND {{ last_ms }} THEN CAST(kafka_time AS STRING) || 'Z' ELSE '1970-01-01T00:00:00Z' END,
    headers, body, reason, detail, contract_version
FROM checked
WHERE reason IS NOT NULL
