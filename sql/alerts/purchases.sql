-- Purpose: what stands of purchases that somebody wants to label.
-- Grain:   one row a purchase that is there. Key: (customer_id, transaction_id). Source: contracts/silver.
SELECT c.customer_id, c.transaction_id, l.label, l.source, l.known_at
FROM jsonb_to_recordset({purchases}) AS w(customer_id text, transaction_id text)
JOIN silver.clean_transactions AS c USING (customer_id, transaction_id)
LEFT JOIN silver.labels AS l USING (customer_id, transaction_id);
