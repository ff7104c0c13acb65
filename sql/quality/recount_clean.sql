-- Purpose: what silver.clean_transactions must hold, counted from bronze.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: scored_purchases.sql.
SELECT
    concat_ws('/', s.customer_id, s.transaction_id) AS key,
    ROW(p.store_id, p.product_id, p.merchant_id, p.card_id, p.device_id, s.channel, p.quantity, s.amount_minor,
        s.currency, s.event_timestamp, p.utc_offset_min, p.latitude, p.longitude, s.score, s.is_alert, s.is_late,
        s.equal_repeats, s.other_repeats > 0, s.schema_version, s.log_id, s.kafka_partition, s.kafka_offset,
        s.kafka_timestamp)::text AS line
FROM ({scored}) AS s
CROSS JOIN LATERAL jsonb_to_record(s.content) AS p(
    store_id text, product_id text, merchant_id text, card_id text, device_id text, quantity integer,
    utc_offset_min integer, latitude double precision, longitude double precision)
