-- Purpose: a part of other statements: what is known of each purchase, counted from the events as they came.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/bronze/raw_events.
-- What stands: everything said but disputes; the first dispute too, where nothing was said before it.
SELECT
    customer_id,
    transaction_id,
    (array_agg(label ORDER BY said_at DESC, log_id DESC, kafka_offset DESC))[1] = 'fraud' AS label_fraud,
    (array_agg(ROW(label, source, said_at, analyst, event_id, log_id, kafka_partition, kafka_offset)::text
               ORDER BY said_at DESC, log_id DESC, kafka_offset DESC))[1] AS latest,
    array_agg(said_at ORDER BY said_at, log_id, kafka_offset) AS known_at,
    array_agg(label ORDER BY said_at, log_id, kafka_offset) AS labels,
    array_agg(source ORDER BY said_at, log_id, kafka_offset) AS sources
FROM (
    SELECT
        e.*,
        row_number() OVER (
            PARTITION BY customer_id, transaction_id ORDER BY said_at, log_id, kafka_offset) > 1 AS is_later
    FROM (
        SELECT DISTINCT ON (r.raw_payload ->> 'customer_id', r.raw_payload ->> 'event_id')
            r.raw_payload ->> 'customer_id' AS customer_id,
            r.raw_payload ->> 'event_id' AS event_id,
            coalesce(v.transaction_id, r.raw_payload ->> 'transaction_id') AS transaction_id,
            coalesce(v.label, CASE r.raw_payload ->> 'chargeback_reason'
                              WHEN 'fraud' THEN 'fraud' ELSE 'legitimate' END) AS label,
            CASE WHEN v.label IS NOT NULL THEN 'verdict' WHEN r.raw_payload ->> 'chargeback_reason' = 'fraud'
                 THEN 'chargeback' ELSE 'dispute' END AS source,
            v.analyst,
            (r.raw_payload ->> 'event_timestamp')::timestamptz AS said_at,
            r.raw_payload ->> 'event_type' AS event_type,
            r.log_id, r.kafka_partition, r.kafka_offset
        FROM (
            SELECT *, min(kafka_timestamp) OVER (PARTITION BY log_id) AS log_began FROM bronze.raw_events
        ) AS r
        LEFT JOIN LATERAL jsonb_to_record(
            CASE r.raw_payload ->> 'event_type' WHEN 'verdict' THEN r.raw_payload -> 'verdict' END
        ) AS v(transaction_id text, label text, analyst text) ON true
        ORDER BY r.raw_payload ->> 'customer_id', r.raw_payload ->> 'event_id', r.log_began, r.log_id, r.kafka_offset
    ) AS e
    WHERE event_type IN ('chargeback', 'verdict')
) AS s
WHERE source <> 'dispute' OR NOT is_later
GROUP BY customer_id, transaction_id
