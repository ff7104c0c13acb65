-- Purpose: which of some alerts the safety valve held back from delivery, and for which rules (ADR 0016).
-- Grain:   one row an alert record. Key: its place in the log. Source: contracts/bronze/raw_fraud_alerts.
SELECT r.log_id, r.kafka_partition, r.kafka_offset, r.headers ->> 'held_back'
FROM unnest({log_ids}::text[], {partitions}::integer[], {offsets}::bigint[]) AS p(log_id, kafka_partition, kafka_offset)
JOIN bronze.raw_fraud_alerts AS r USING (log_id, kafka_partition, kafka_offset)
WHERE r.headers ? 'held_back';
