-- Purpose: settle anew what is known of the purchases that an event of this pass says something about.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/silver/labels, docs/LABELS.md.
-- The newest statement stands; a dispute only where it is the first, since it says less than anything else.
INSERT INTO silver.labels AS t (
    transaction_id, customer_id, label, source, known_at, analyst, first_label, first_source, first_known_at,
    statements, event_id, log_id, kafka_partition, kafka_offset, labelled_at)
SELECT DISTINCT ON (customer_id, transaction_id)
    transaction_id, customer_id, label, source, known_at, analyst, first_value(label) OVER purchase,
    first_value(source) OVER purchase, first_value(known_at) OVER purchase,
    jsonb_agg(jsonb_build_object('label', label, 'source', source, 'known_at',
        to_char(known_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))) OVER purchase,
    event_id, log_id, kafka_partition, kafka_offset, {load_time}
FROM (
    SELECT
        e.customer_id, e.transaction_id, e.event_timestamp AS known_at,
        CASE WHEN e.event_type = 'verdict' THEN e.verdict
             WHEN e.chargeback_reason = 'fraud' THEN 'fraud' ELSE 'legitimate' END AS label,
        CASE WHEN e.event_type = 'verdict' THEN 'verdict'
             WHEN e.chargeback_reason = 'fraud' THEN 'chargeback' ELSE 'dispute' END AS source,
        CASE WHEN e.event_type = 'verdict' THEN e.analyst END AS analyst,
        e.event_id, e.log_id, e.kafka_partition, e.kafka_offset,
        row_number() OVER (
            PARTITION BY e.customer_id, e.transaction_id ORDER BY e.event_timestamp, e.log_id, e.kafka_offset) AS place
    FROM silver.enriched_events AS e
    JOIN (
        SELECT DISTINCT customer_id, transaction_id FROM event_batch WHERE event_type IN ('chargeback', 'verdict')
    ) AS n USING (customer_id, transaction_id)
    WHERE e.event_type IN ('chargeback', 'verdict')
) AS said
WHERE place = 1 OR source <> 'dispute'
WINDOW purchase AS (PARTITION BY customer_id, transaction_id ORDER BY place)
ORDER BY customer_id, transaction_id, place DESC
ON CONFLICT (customer_id, transaction_id) DO UPDATE SET
    (label, source, known_at, analyst, first_label, first_source, first_known_at, statements, event_id, log_id,
     kafka_partition, kafka_offset, labelled_at)
    = (excluded.label, excluded.source, excluded.known_at, excluded.analyst, excluded.first_label,
       excluded.first_source, excluded.first_known_at, excluded.statements, excluded.event_id, excluded.log_id,
       excluded.kafka_partition, excluded.kafka_offset, excluded.labelled_at)
WHERE (t.statements, t.analyst, t.event_id, t.log_id, t.kafka_offset)
      IS DISTINCT FROM
      (excluded.statements, excluded.analyst, excluded.event_id, excluded.log_id, excluded.kafka_offset);
