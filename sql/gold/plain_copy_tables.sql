-- Purpose: the baseline's table, without indexes but the key.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id).
CREATE TEMP TABLE plain_copy (LIKE silver_ext.clean_transactions) ON COMMIT DROP;
ALTER TABLE plain_copy ADD PRIMARY KEY (customer_id, transaction_id);
