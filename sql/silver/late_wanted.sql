-- Purpose: name the late purchases to judge: those not judged yet, and those at or after the time of new rules.
-- Grain:   one row a purchase, the one that came first. Key: (customer_id, transaction_id). Source: ops.late_positions.
CREATE TEMP TABLE late_wanted ON COMMIT DROP AS
SELECT c.customer_id, c.transaction_id, c.event_timestamp, c.log_id, c.kafka_partition, c.kafka_offset
FROM ops.late_positions AS l
JOIN silver.clean_transactions AS c USING (customer_id, transaction_id, log_id, kafka_partition, kafka_offset)
WHERE l.scored_at IS NULL
UNION
SELECT c.customer_id, c.transaction_id, c.event_timestamp, c.log_id, c.kafka_partition, c.kafka_offset
FROM silver.clean_transactions AS c
JOIN ops.late_positions AS l USING (log_id, kafka_partition, kafka_offset)
WHERE c.event_timestamp >= {rules_from}::timestamptz;
