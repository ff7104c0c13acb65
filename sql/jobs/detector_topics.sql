-- Purpose: what the detector sends; one producer for its three topics, so that one customer's records keep their order.
-- Grain: a decision, an alert or a late purchase. Key: customer_id.
-- Contract: contracts/events/{fraud-decisions,fraud-alerts,transactions.late}.
CREATE TEMPORARY TABLE detector_topics (
    msg_key STRING,
    body STRING,
    target STRING NOT NULL METADATA FROM 'topic',
    headers MAP<STRING, BYTES> METADATA,
    kafka_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'
) WITH (
    {% include 'jobs/kafka_sink_options.sql' %}
)
