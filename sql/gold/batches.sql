-- Purpose: temporary tables that hold what changed in silver since the last run. They vanish with the transaction.
-- Grain:   one row a purchase; a purchase's label; a version of a member; an hour whose facts changed.
CREATE TEMP TABLE fact_batch (
    customer_id text, transaction_id text, product_id text, store_id text, event_timestamp timestamptz,
    amount numeric(14,2), currency text, quantity integer, channel text, merchant_id text, is_alert boolean,
    fraud_score numeric(7,6), is_late boolean
) ON COMMIT DROP;
CREATE TEMP TABLE label_batch (
    customer_id text, transaction_id text, fraud boolean, statements jsonb
) ON COMMIT DROP;
CREATE TEMP TABLE customer_batch (LIKE silver_ext.customers) ON COMMIT DROP;
CREATE TEMP TABLE product_batch (LIKE silver_ext.products) ON COMMIT DROP;
CREATE TEMP TABLE store_batch (LIKE silver_ext.stores) ON COMMIT DROP;
CREATE TEMP TABLE touched_times (event_timestamp timestamptz) ON COMMIT DROP;
CREATE TEMP TABLE touched_hours (hour_start timestamptz PRIMARY KEY) ON COMMIT DROP;
CREATE TEMP TABLE alerted (customer_id text, transaction_id text, rule_set text, rules text[]) ON COMMIT DROP;
