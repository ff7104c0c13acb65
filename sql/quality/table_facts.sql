-- Purpose: gold.fact_transactions in the form of recount_facts.sql, with each key resolved through its dimension.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/gold/fact_transactions.
SELECT
    concat_ws('/', f.customer_id, f.transaction_id) AS key,
    ROW(c.customer_id, s.store_id, p.product_id, d.date_key, f.event_timestamp,
        (f.amount * 100)::bigint, f.currency, f.quantity, f.channel, f.merchant_id, f.fraud_flag, f.fraud_score,
        f.label_fraud, f.is_late)::text AS line
FROM gold.fact_transactions AS f
LEFT JOIN gold.dim_customer AS c USING (customer_key)
LEFT JOIN gold.dim_store AS s USING (store_key)
LEFT JOIN gold.dim_product AS p USING (product_key)
LEFT JOIN gold.dim_date AS d USING (date_key)
