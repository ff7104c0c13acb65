-- Purpose: label purchases of earlier runs.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/gold/fact_transactions.
UPDATE gold.fact_transactions AS t SET label_fraud = l.fraud, processing_timestamp = {load_time}
FROM label_batch AS l
WHERE t.customer_id = l.customer_id AND t.transaction_id = l.transaction_id
      AND t.label_fraud IS DISTINCT FROM l.fraud;
