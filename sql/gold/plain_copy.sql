-- Purpose: the baseline of silver_to_gold: the purchases of silver over the foreign table, as they are.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/silver/clean_transactions.
INSERT INTO plain_copy SELECT * FROM silver_ext.clean_transactions;
