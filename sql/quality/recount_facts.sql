-- Purpose: what gold.fact_transactions must say of each purchase, with members by their own ids, counted from bronze.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: scored_purchases.sql, raw_events.
SELECT
    concat_ws('/', s.customer_id, s.transaction_id) AS key,
    ROW(s.customer_id, p.store_id, p.product_id, to_char(s.event_timestamp, 'YYYYMMDD')::integer, s.event_timestamp,
        s.amount_minor, s.currency, p.quantity, s.channel, p.merchant_id, coalesce(s.is_alert, false), s.score,
        l.label_fraud, s.is_late)::text AS line
FROM ({scored}) AS s
CROSS JOIN LATERAL jsonb_to_record(s.content) AS p(
    store_id text, product_id text, merchant_id text, quantity integer)
LEFT JOIN ({labels}) AS l ON l.customer_id = s.customer_id AND l.transaction_id = s.transaction_id
