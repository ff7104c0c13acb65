-- Purpose: silver.clean_transactions in the form of recount_clean.sql.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/silver/clean_transactions.
SELECT
    concat_ws('/', customer_id, transaction_id) AS key,
    ROW(store_id, product_id, merchant_id, card_id, device_id, channel, quantity, (amount * 100)::bigint,
        currency, event_timestamp, utc_offset_min, latitude, longitude, fraud_score, is_alert, is_late,
        duplicate_count, has_conflict, schema_version, log_id, kafka_partition, kafka_offset,
        kafka_timestamp)::text AS line
FROM silver.clean_transactions
