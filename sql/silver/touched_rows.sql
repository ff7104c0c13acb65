-- Purpose: a part of other statements: the purchases that a decision or a late record of this pass speaks about.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id).
SELECT t.* FROM silver.clean_transactions AS t
JOIN (SELECT DISTINCT customer_id, transaction_id FROM touched_purchases) AS n USING (customer_id, transaction_id)
