-- Purpose: a part of other statements: the purchases that a chargeback called fraud.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/bronze/raw_events.
SELECT DISTINCT
    raw_payload ->> 'customer_id' AS customer_id,
    raw_payload ->> 'transaction_id' AS transaction_id,
    true AS label_fraud
FROM bronze.raw_events
WHERE raw_payload ->> 'event_type' = 'chargeback' AND raw_payload ->> 'chargeback_reason' = 'fraud'
