-- Purpose: add the events of the batch that are new, with the customer's country as of the event; lowest offset wins.
-- Grain:   one row an event. Key: (customer_id, event_id). Source: contracts/silver/enriched_events.
INSERT INTO silver.enriched_events (
    event_id, customer_id, event_type, event_timestamp, session_id, device_id, page, product_id, quantity,
    transaction_id, chargeback_reason, verdict, analyst, note, country, log_id, kafka_partition, kafka_offset,
    enriched_at)
SELECT DISTINCT ON (b.customer_id, b.event_id)
    b.event_id, b.customer_id, b.event_type, b.event_timestamp, b.session_id, b.device_id, b.page, b.product_id,
    b.quantity, b.transaction_id, b.chargeback_reason, b.verdict, b.analyst, b.note, c.country, b.log_id,
    b.kafka_partition, b.kafka_offset, {load_time}
FROM event_batch AS b
LEFT JOIN silver.customers AS c
    ON c.customer_id = b.customer_id AND b.event_timestamp >= c.valid_from
       AND (c.valid_to IS NULL OR b.event_timestamp < c.valid_to)
ORDER BY b.customer_id, b.event_id, b.log_rank, b.kafka_offset
ON CONFLICT (customer_id, event_id) DO NOTHING;
