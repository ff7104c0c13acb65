-- Purpose: empty what silver_to_gold makes, so that the next run reads silver from its beginning.
-- Grain:   every table of the star; rows 0 of dimensions stay, and so do the stream's own aggregates.
WITH customers AS (DELETE FROM gold.dim_customer WHERE customer_key <> 0),
     products AS (DELETE FROM gold.dim_product WHERE product_key <> 0),
     stores AS (DELETE FROM gold.dim_store WHERE store_key <> 0),
     labels AS (DELETE FROM ops.labels),
     periods AS (DELETE FROM ops.rule_periods),
     marks AS (DELETE FROM ops.marks)
SELECT 1;
TRUNCATE gold.dim_date, gold.fact_transactions, gold.agg_hourly_sales, gold.agg_daily_fraud,
         gold.agg_rule_quality;
