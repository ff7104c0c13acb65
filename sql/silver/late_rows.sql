-- Purpose: a part of other statements: the late purchases that this pass has judged.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: late_wanted.
SELECT t.* FROM silver.clean_transactions AS t
JOIN (SELECT customer_id, transaction_id FROM late_wanted) AS w USING (customer_id, transaction_id)
