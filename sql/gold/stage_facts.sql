-- Purpose: read the purchases that silver wrote after one load and up to another.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/silver/clean_transactions.
INSERT INTO fact_batch
SELECT customer_id, transaction_id, product_id, store_id, event_timestamp, amount, currency, quantity, channel,
       merchant_id, is_alert, fraud_score, is_late
FROM silver_ext.clean_transactions
WHERE cleaned_at > {after} AND cleaned_at <= {up_to};
