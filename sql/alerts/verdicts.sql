-- Purpose: the verdicts that silver holds of purchases.
-- Grain:   one row a verdict. Key: (customer_id, event_id). Source: contracts/silver/enriched_events.
SELECT e.customer_id, e.transaction_id, e.verdict, e.analyst, e.note, e.event_timestamp
FROM jsonb_to_recordset({purchases}) AS w(customer_id text, transaction_id text)
JOIN silver.enriched_events AS e USING (customer_id, transaction_id)
WHERE e.event_type = 'verdict'
ORDER BY e.event_timestamp, e.log_id, e.kafka_offset;
