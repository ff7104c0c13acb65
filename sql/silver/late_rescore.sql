-- Purpose: give late purchases the score that they were judged with, those added by this load included.
-- Grain:   one row a late purchase. Key: (customer_id, transaction_id). Source: contracts/silver/clean_transactions.
UPDATE silver.clean_transactions AS c SET
    fraud_score = s.stream_score, is_alert = s.stream_alert, is_late = s.behind_watermark, cleaned_at = {load_time}
FROM ({scored}) AS s
WHERE c.customer_id = s.customer_id AND c.transaction_id = s.transaction_id;
