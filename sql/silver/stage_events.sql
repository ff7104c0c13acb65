-- Purpose: read one slice of customers' events from bronze and parse it.
-- Grain:   one row a record. Key: (log_id, kafka_partition, kafka_offset). Source: contracts/bronze/raw_events.
INSERT INTO event_batch
SELECT
    {log_rank}, p.customer_id, p.event_id, p.event_type, r.event_timestamp, p.session_id, p.device_id, p.page,
    p.product_id, p.quantity, CASE p.event_type WHEN 'verdict' THEN v.transaction_id ELSE p.transaction_id END,
    p.chargeback_reason, v.label, v.analyst, v.note, r.log_id, r.kafka_partition, r.kafka_offset
FROM bronze_ext.raw_events AS r
CROSS JOIN LATERAL jsonb_to_record(r.raw_payload) AS p(
    customer_id text, event_id text, event_type text, session_id text, device_id text, page text, product_id text,
    quantity integer, transaction_id text, chargeback_reason text)
CROSS JOIN LATERAL jsonb_to_record(CASE WHEN p.event_type = 'verdict' THEN r.raw_payload -> 'verdict' END) AS v(
    transaction_id text, label text, analyst text, note text)
WHERE r.log_id = {log_id} AND r.kafka_partition = {kafka_partition}
      AND r.kafka_offset >= {from_offset} AND r.kafka_offset < {to_offset};
