-- Purpose: dimensions that lack the row 0, 'not supplied', or give it a member.
-- Grain:   one row: how many, and the first. Source: the dimensions.
SELECT count(*), min(name)
FROM (
    SELECT 'dim_customer', (SELECT count(*) FROM gold.dim_customer WHERE customer_key = 0 AND customer_id IS NULL)
    UNION ALL
    SELECT 'dim_store', (SELECT count(*) FROM gold.dim_store WHERE store_key = 0 AND store_id IS NULL)
    UNION ALL
    SELECT 'dim_product', (SELECT count(*) FROM gold.dim_product WHERE product_key = 0 AND product_id IS NULL)
) AS zero(name, rows)
WHERE rows <> 1
