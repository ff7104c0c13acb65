-- Purpose: add the purchases of the batch that are new; the lowest offset wins.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/silver/clean_transactions.
INSERT INTO silver.clean_transactions (
    transaction_id, customer_id, store_id, product_id, merchant_id, card_id, device_id, channel, quantity, amount,
    currency, event_timestamp, utc_offset_min, latitude, longitude, fraud_score, is_alert, is_valid, is_late,
    duplicate_count, has_conflict, quality_checks, schema_version, log_id, kafka_partition, kafka_offset,
    kafka_timestamp, cleaned_at)
SELECT
    s.transaction_id, s.customer_id, s.store_id, s.product_id, s.merchant_id, s.card_id, s.device_id, s.channel,
    s.quantity, (s.amount_minor / 100.0)::numeric(14,2), s.currency, s.event_timestamp, s.utc_offset_min, s.latitude,
    s.longitude, s.stream_score, s.stream_alert, true, s.behind_watermark, 0, false,
    jsonb_build_object('contract', true, 'known_fields_only', s.known_fields_only, 'one_content', true,
                       'content_hash', s.content_hash),
    s.schema_version, s.log_id, s.kafka_partition, s.kafka_offset, s.kafka_timestamp, {load_time}
FROM ({scored}) AS s
ON CONFLICT (customer_id, transaction_id) DO NOTHING;
