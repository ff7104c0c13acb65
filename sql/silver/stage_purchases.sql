-- Purpose: read one slice of purchases from bronze and parse it.
-- Grain:   one row a record. Key: (log_id, kafka_partition, kafka_offset). Source: contracts/bronze/raw_transactions.
INSERT INTO purchase_batch
SELECT
    {log_rank}, p.customer_id, p.transaction_id, p.store_id, p.product_id, p.merchant_id, p.card_id, p.device_id,
    p.channel, p.quantity, p.amount_minor, p.currency, r.event_timestamp, p.utc_offset_min, p.latitude, p.longitude,
    r.schema_version, r.processing_status = 'accepted', jsonb_hash_extended(r.raw_payload, 0),
    r.log_id, r.kafka_partition, r.kafka_offset, r.kafka_timestamp
FROM bronze_ext.raw_transactions AS r
CROSS JOIN LATERAL jsonb_to_record(r.raw_payload) AS p(
    customer_id text, transaction_id text, store_id text, product_id text, merchant_id text, card_id text,
    device_id text, channel text, quantity integer, amount_minor bigint, currency text, utc_offset_min integer,
    latitude double precision, longitude double precision)
WHERE r.log_id = {log_id} AND r.kafka_partition = {kafka_partition}
      AND r.kafka_offset >= {from_offset} AND r.kafka_offset < {to_offset};
