-- Purpose: silver.enriched_events in the form of recount_events.sql.
-- Grain:   one row an event. Key: (customer_id, event_id). Source: contracts/silver/enriched_events.
SELECT
    concat_ws('/', customer_id, event_id) AS key,
    ROW(event_type, event_timestamp, session_id, device_id, page, product_id, quantity, transaction_id,
        chargeback_reason, verdict, analyst, note, log_id, kafka_partition, kafka_offset)::text AS line
FROM silver.enriched_events
