-- Purpose: everything that was said of one purchase, oldest first.
-- Grain:   one row an event. Source: contracts/silver/enriched_events.
SELECT
    event_timestamp AS known_at,
    CASE WHEN event_type = 'verdict' THEN verdict WHEN chargeback_reason = 'fraud' THEN 'fraud' ELSE 'legitimate' END
        AS label,
    CASE WHEN event_type = 'verdict' THEN 'verdict' WHEN chargeback_reason = 'fraud' THEN 'chargeback'
         ELSE 'dispute' END AS source,
    analyst, note
FROM silver.enriched_events
WHERE event_type IN ('chargeback', 'verdict') AND customer_id = {customer_id} AND transaction_id = {transaction_id}
ORDER BY event_timestamp, log_id, kafka_offset;
