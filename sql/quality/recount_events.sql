-- Purpose: what silver.enriched_events must hold, counted from bronze; the lowest offset wins.
-- Grain:   one row an event. Key: (customer_id, event_id). Source: contracts/bronze/raw_events.
SELECT
    concat_ws('/', customer_id, event_id) AS key,
    ROW(event_type, event_timestamp, session_id, device_id, page, product_id, quantity, transaction_id,
        chargeback_reason, verdict, analyst, note, log_id, kafka_partition, kafka_offset)::text AS line
FROM (
    SELECT DISTINCT ON (p.customer_id, p.event_id)
        p.customer_id, p.event_id, p.event_type, p.event_timestamp, p.session_id, p.device_id, p.page, p.product_id,
        p.quantity, p.chargeback_reason, r.log_id, r.kafka_partition, r.kafka_offset,
        CASE p.event_type WHEN 'verdict' THEN p.verdict ->> 'transaction_id' ELSE p.transaction_id END
            AS transaction_id,
        CASE p.event_type WHEN 'verdict' THEN p.verdict ->> 'label' END AS verdict,
        CASE p.event_type WHEN 'verdict' THEN p.verdict ->> 'analyst' END AS analyst,
        CASE p.event_type WHEN 'verdict' THEN p.verdict ->> 'note' END AS note
    FROM (
        SELECT *, min(kafka_timestamp) OVER (PARTITION BY log_id) AS log_began FROM bronze.raw_events
    ) AS r
    CROSS JOIN LATERAL jsonb_to_record(r.raw_payload) AS p(
        customer_id text, event_id text, event_type text, event_timestamp timestamptz, session_id text,
        device_id text, page text, product_id text, quantity integer, transaction_id text, chargeback_reason text,
        verdict jsonb)
    ORDER BY p.customer_id, p.event_id, r.log_began, r.log_id, r.kafka_offset
) AS e
