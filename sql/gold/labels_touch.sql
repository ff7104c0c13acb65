-- Purpose: touch the hours of purchases about which something new was said.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/gold/fact_transactions.
INSERT INTO touched_times
SELECT t.event_timestamp FROM gold.fact_transactions AS t JOIN label_batch AS l USING (customer_id, transaction_id);
