-- Purpose: the purchases of the star and whether their label calls them fraud.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/gold/fact_transactions.
SELECT customer_id, transaction_id, coalesce(label_fraud, false) FROM gold.fact_transactions
