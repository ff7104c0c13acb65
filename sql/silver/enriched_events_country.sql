-- Purpose: put the country right on events of customers whose history changed in this pass.
-- Grain:   one row an event. Key: (customer_id, event_id). Source: contracts/silver/enriched_events.
UPDATE silver.enriched_events AS e SET country = k.country, enriched_at = {load_time}
FROM (
    SELECT o.customer_id, o.event_id, c.country
    FROM silver.enriched_events AS o
    LEFT JOIN silver.customers AS c
        ON c.customer_id = o.customer_id AND o.event_timestamp >= c.valid_from
           AND (c.valid_to IS NULL OR o.event_timestamp < c.valid_to)
    WHERE o.customer_id IN (SELECT member_id FROM reference_batch WHERE entity = 'customer')
) AS k
WHERE e.customer_id = k.customer_id AND e.event_id = k.event_id AND e.country IS DISTINCT FROM k.country;
