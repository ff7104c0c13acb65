-- Purpose: read the chargebacks for fraud that silver wrote after one load and up to another.
-- Grain:   one row a purchase called fraud. Source: contracts/silver/enriched_events.
INSERT INTO label_batch
SELECT DISTINCT customer_id, transaction_id
FROM silver_ext.enriched_events
WHERE event_type = 'chargeback' AND chargeback_reason = 'fraud' AND enriched_at > {after} AND enriched_at <= {up_to};
