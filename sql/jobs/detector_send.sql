-- Purpose: send what the detector found. The Kafka timestamp is the purchase's: a function of the log, as decisions are.
-- Grain: a decision, an alert or a late purchase. Latency is produced_at_us - caused_by_us.
INSERT INTO detector_topics
SELECT
    customer_id,
    payload,
    target,
    CASE
        WHEN caused_by_us = '' THEN MAP['produced_at_us', ENCODE(produced_at_us, 'UTF-8')]
        ELSE MAP['produced_at_us', ENCODE(produced_at_us, 'UTF-8'), 'caused_by_us', ENCODE(caused_by_us, 'UTF-8')]
    END,
    TO_TIMESTAMP_LTZ(kafka_ms, 3)
FROM found
