-- Purpose: rejected records of every topic, queryable, as an idempotent sink.
-- Grain: a rejected Kafka record. Key: (log_id, source_partition, source_offset).
-- Contract: contracts/bronze/dead_letters.
CREATE TEMPORARY TABLE {{ table }} (
    log_id STRING,
    source_topic STRING,
    source_partition INT,
    source_offset BIGINT,
    source_key BYTES,
    source_timestamp STRING,
    headers STRING,
    raw_bytes BYTES,
    reason STRING,
    detail STRING,
    contract_version STRING,
    PRIMARY KEY (log_id, source_partition, source_offset) NOT ENFORCED
) WITH (
    {% include 'jobs/jdbc_options.sql' %}
)
