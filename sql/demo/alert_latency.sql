-- Grain: one row a first alert, milliseconds from the purchase's production to the alert's sending, both wall clock.
-- Source contract: bronze/raw_fraud_alerts. A restart repeats alerts: the earliest offset is the one that was delivered.
SELECT DISTINCT ON (raw_payload ->> 'alert_id')
    ((headers ->> 'produced_at_us')::bigint - (headers ->> 'caused_by_us')::bigint) / 1000.0 AS latency_ms
FROM bronze.raw_fraud_alerts
WHERE (raw_payload ->> 'revision')::int = 0
ORDER BY raw_payload ->> 'alert_id', kafka_partition, kafka_offset;
