-- Purpose: silver.labels in the form of recount_labels.sql.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/silver/labels.
SELECT
    concat_ws('/', t.customer_id, t.transaction_id) AS key,
    concat_ws(' ', ROW(t.label, t.source, t.known_at, t.analyst, t.event_id, t.log_id, t.kafka_partition,
        t.kafka_offset)::text, h.known_at::text, h.labels::text, h.sources::text) AS line
FROM silver.labels AS t
CROSS JOIN LATERAL (
    SELECT
        array_agg((one ->> 'known_at')::timestamptz ORDER BY place) AS known_at,
        array_agg(one ->> 'label' ORDER BY place) AS labels,
        array_agg(one ->> 'source' ORDER BY place) AS sources
    FROM jsonb_array_elements(t.statements) WITH ORDINALITY AS e(one, place)
) AS h
