-- Purpose: the verdicts that bronze holds and silver has not read yet.
-- Grain:   one row a record. Key: (log_id, kafka_partition, kafka_offset). Source: contracts/bronze/raw_events.
-- The least mark as a literal keeps partitions of the table out that silver has read whole.
SELECT
    r.raw_payload ->> 'customer_id', v.transaction_id, v.label, v.analyst, v.note, r.event_timestamp
FROM bronze.raw_events AS r
CROSS JOIN LATERAL jsonb_to_record(
    CASE r.raw_payload ->> 'event_type' WHEN 'verdict' THEN r.raw_payload -> 'verdict' END
) AS v(transaction_id text, label text, analyst text, note text)
WHERE r.kafka_offset >= {least} AND r.raw_payload ->> 'event_type' = 'verdict'
      AND NOT EXISTS (
          SELECT FROM jsonb_to_recordset({marks}) AS m(log_id text, kafka_partition integer, next_offset bigint)
          WHERE m.log_id = r.log_id AND m.kafka_partition = r.kafka_partition AND r.kafka_offset < m.next_offset)
ORDER BY r.event_timestamp, r.log_id, r.kafka_offset;
