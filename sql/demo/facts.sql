-- Grain: one row a purchase of the star. Source contract: gold/fact_transactions.
SELECT customer_id, transaction_id, amount, fraud_flag, COALESCE(label_fraud, FALSE) AS labelled
FROM gold.fact_transactions;
