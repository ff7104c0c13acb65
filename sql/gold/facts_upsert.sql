-- Purpose: add purchases with their members' keys as of the purchase; bring known ones up to date.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/gold/fact_transactions.
INSERT INTO gold.fact_transactions AS t (
    transaction_id, customer_id, customer_key, product_key, store_key, date_key, event_timestamp, amount, currency,
    quantity, channel, merchant_id, fraud_flag, fraud_score, label_fraud, is_late, processing_timestamp)
SELECT
    f.transaction_id, f.customer_id, coalesce(c.surrogate, 0), coalesce(p.surrogate, 0), coalesce(s.surrogate, 0),
    to_char(f.event_timestamp AT TIME ZONE 'UTC', 'YYYYMMDD')::integer, f.event_timestamp, f.amount, f.currency,
    f.quantity, f.channel, f.merchant_id, coalesce(f.is_alert, false), f.fraud_score,
    l.fraud, f.is_late, {load_time}
FROM fact_batch AS f
LEFT JOIN ops.customer_spans AS c
    ON c.member = f.customer_id AND f.event_timestamp >= c.span_from AND f.event_timestamp < c.span_to
LEFT JOIN ops.product_spans AS p
    ON p.member = f.product_id AND f.event_timestamp >= p.span_from AND f.event_timestamp < p.span_to
LEFT JOIN ops.store_spans AS s
    ON s.member = f.store_id AND f.event_timestamp >= s.span_from AND f.event_timestamp < s.span_to
LEFT JOIN ops.labels AS l ON l.customer_id = f.customer_id AND l.transaction_id = f.transaction_id
ORDER BY f.event_timestamp, f.customer_id, f.transaction_id
ON CONFLICT (customer_id, transaction_id) DO UPDATE SET
    (customer_key, product_key, store_key, fraud_flag, fraud_score, label_fraud, is_late, processing_timestamp)
    = (excluded.customer_key, excluded.product_key, excluded.store_key, excluded.fraud_flag, excluded.fraud_score,
       excluded.label_fraud, excluded.is_late, excluded.processing_timestamp)
WHERE (t.customer_key, t.product_key, t.store_key, t.fraud_flag, t.fraud_score, t.label_fraud, t.is_late)
      IS DISTINCT FROM
      (excluded.customer_key, excluded.product_key, excluded.store_key, excluded.fraud_flag, excluded.fraud_score,
       excluded.label_fraud, excluded.is_late);
