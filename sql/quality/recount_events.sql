-- Purpose: what silver.enriched_events must hold, counted from bronze; the lowest offset wins.
-- Grain:   one row an event. Key: (customer_id, event_id). Source: contracts/bronze/raw_events.
SELECT
    concat_ws('/', customer_id, event_id) AS key,
    ROW(event_type, event_timestamp, session_id, device_id, page, product_id, quantity, transaction_id,
        chargeback_reason, log_id, kafka_partition, kafka_offset)::text AS line
FROM (
    SELECT DISTINCT ON (p.customer_id, p.event_id)
        p.*, r.log_id, r.kafka_partition, r.kafka_offset
    FROM (
        SELECT *, min(kafka_timestamp) OVER (PARTITION BY log_id) AS log_began FROM bronze.raw_events
    ) AS r
    CROSS JOIN LATERAL jsonb_to_record(r.raw_payload) AS p(
        customer_id text, event_id text, event_type text, event_timestamp timestamptz, session_id text,
        device_id text, page text, product_id text, quantity integer, transaction_id text, chargeback_reason text)
    ORDER BY p.customer_id, p.event_id, r.log_began, r.log_id, r.kafka_offset
) AS e
