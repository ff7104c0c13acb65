-- Purpose: label purchases of earlier runs, and touch their hours.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/gold/fact_transactions.
WITH labelled AS (
    UPDATE gold.fact_transactions AS t SET label_fraud = true, processing_timestamp = {load_time}
    FROM label_batch AS l
    WHERE t.customer_id = l.customer_id AND t.transaction_id = l.transaction_id AND t.label_fraud IS NULL
    RETURNING t.event_timestamp
)
INSERT INTO touched_times SELECT event_timestamp FROM labelled;
