-- Purpose: remember labels, since a label may come before its purchase is here.
-- Grain:   one row a purchase called fraud. Key: (customer_id, transaction_id). Source: contracts/silver/enriched_events.
INSERT INTO ops.labels SELECT customer_id, transaction_id FROM label_batch ON CONFLICT DO NOTHING;
