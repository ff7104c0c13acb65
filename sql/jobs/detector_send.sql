-- Purpose: send what the detector found. The Kafka timestamp is the purchase's: a function of the log, as decisions are.
-- Grain: a decision, an alert or a late purchase. Latency is produced_at_us - caused_by_us.
-- held_back names the rules for which the safety valve holds an alert back from delivery; nothing else of it differs.
INSERT INTO detector_topics
SELECT
    customer_id,
    payload,
    target,
    CASE
        WHEN caused_by_us = '' AND held_back = '' THEN MAP['produced_at_us', ENCODE(produced_at_us, 'UTF-8')]
        WHEN held_back = ''
        THEN MAP['produced_at_us', ENCODE(produced_at_us, 'UTF-8'), 'caused_by_us', ENCODE(caused_by_us, 'UTF-8')]
        WHEN caused_by_us = ''
        THEN MAP['produced_at_us', ENCODE(produced_at_us, 'UTF-8'), 'held_back', ENCODE(held_back, 'UTF-8')]
        ELSE MAP[
            'produced_at_us', ENCODE(produced_at_us, 'UTF-8'),
            'caused_by_us', ENCODE(caused_by_us, 'UTF-8'),
            'held_back', ENCODE(held_back, 'UTF-8')
        ]
    END,
    TO_TIMESTAMP_LTZ(kafka_ms, 3)
FROM found
