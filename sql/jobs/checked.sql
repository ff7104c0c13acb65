-- Purpose: judge every record by its contract, once; nothing is dropped here.
-- Grain: a Kafka record. Key: (log_id, kafka_partition, kafka_offset).
-- Contract: the verdict is the compiled validator's; `kafka_ms` counts milliseconds since 1970.
SELECT
    CASE kafka_topic
    {% for topic in topics -%}
        WHEN {{ topic.name | literal }} THEN {{ topic.log_id | literal }}
    {% endfor -%}
    END AS log_id,
    kafka_topic, kafka_partition, kafka_offset, kafka_time, kafka_ms, msg_key, body,
    verdict.reason AS reason,
    verdict.detail AS detail,
    verdict.status AS status,
    verdict.event_time AS event_time,
    verdict.schema_version AS schema_version,
    verdict.contract_version AS contract_version,
    verdict.headers AS headers,
    verdict.produced_at_us AS produced_at_us
FROM (
    SELECT
        kafka_topic, kafka_partition, kafka_offset, kafka_time, kafka_ms, msg_key, body,
        check_record(kafka_topic, msg_key, body, kafka_ms, headers) AS verdict
    FROM (
        SELECT
            *,
            EXTRACT(EPOCH FROM kafka_time) * 1000 + EXTRACT(MILLISECOND FROM kafka_time) AS kafka_ms
        FROM source
    ) AS timed
) AS judged
