-- Purpose: rejected records of every topic as a stream: the source's own bytes, the facts as headers.
-- Grain: a rejected Kafka record. Key: the source's key.
-- Contract: contracts/events/dead-letters. Twice the message size of its sources.
CREATE TEMPORARY TABLE dead_letters_topic (
    msg_key BYTES,
    body BYTES,
    headers MAP<STRING, BYTES> METADATA,
    kafka_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'
) WITH (
    {% include 'jobs/kafka_sink_options.sql' %}
)
