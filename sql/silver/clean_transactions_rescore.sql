-- Purpose: bring purchases up to what is known now: a decision, its revision, lateness, or a base score came later.
-- Grain:   one row a touched purchase. Key: (customer_id, transaction_id). Source: contracts/silver/clean_transactions.
-- A touched purchase gets a new cleaned_at even where its score stays, because lines behind the score may differ.
UPDATE silver.clean_transactions AS c SET
    fraud_score = s.stream_score, is_alert = s.stream_alert, is_late = s.behind_watermark, cleaned_at = {load_time}
FROM ({scored}) AS s
WHERE c.customer_id = s.customer_id AND c.transaction_id = s.transaction_id AND c.cleaned_at < {load_time};
