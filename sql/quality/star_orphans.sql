-- Purpose: facts with a key that its dimension does not have.
-- Grain:   one row: how many, and the first. Source: contracts/gold/fact_transactions and the dimensions.
SELECT count(*), min(concat_ws('/', f.customer_id, f.transaction_id))
FROM gold.fact_transactions AS f
LEFT JOIN gold.dim_customer AS c USING (customer_key)
LEFT JOIN gold.dim_store AS s USING (store_key)
LEFT JOIN gold.dim_product AS p USING (product_key)
LEFT JOIN gold.dim_date AS d USING (date_key)
WHERE c.customer_key IS NULL OR s.store_key IS NULL OR p.product_key IS NULL OR d.date_key IS NULL
