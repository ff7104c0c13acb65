-- Purpose: remember labels, since a label may come before its purchase is here.
-- Grain:   one row a purchase with a label. Key: (customer_id, transaction_id). Source: contracts/silver/labels.
INSERT INTO ops.labels SELECT customer_id, transaction_id, fraud, statements FROM label_batch
ON CONFLICT (customer_id, transaction_id) DO UPDATE SET (fraud, statements) = (excluded.fraud, excluded.statements);
