-- Purpose: one bronze table as an idempotent sink; a repeated record meets its own key and changes nothing.
-- Grain: an accepted Kafka record. Key: (log_id, kafka_partition, kafka_offset).
-- Contract: contracts/bronze. Times travel as text, which PostgreSQL casts: JDBC knows no TIMESTAMP_LTZ.
CREATE TEMPORARY TABLE {{ table }} (
    log_id STRING,
    kafka_topic STRING,
    kafka_partition INT,
    kafka_offset BIGINT,
    kafka_key BYTES,
    kafka_timestamp STRING,
    headers STRING,
    event_timestamp STRING,
    raw_payload STRING,
    raw_bytes BYTES,
    processing_status STRING,
    schema_version STRING,
    PRIMARY KEY (log_id, kafka_partition, kafka_offset) NOT ENFORCED
) WITH (
    {% include 'jobs/jdbc_options.sql' %}
)
