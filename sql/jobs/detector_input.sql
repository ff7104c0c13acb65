-- Purpose: each record as one string beside its Kafka key (one string field costs Python a third of eight).
-- Grain: a Kafka record with key and value; the two other kinds are dead letters, which the processor accounts for.
-- ISO-8859-1 maps every byte to one character and back, so that the validator sees the bytes that were sent.
SELECT
    k,
    CAST(kafka_partition AS STRING) || ',' || CAST(kafka_offset AS STRING) || ',' || CAST(kafka_ms AS STRING) || ','
    || CAST(CHAR_LENGTH(k) AS STRING) || ',' || CAST(CHAR_LENGTH(caused_by) AS STRING) || ','
    || k || caused_by || DECODE(body, 'ISO-8859-1') AS packed
FROM (
    SELECT
        kafka_partition,
        kafka_offset,
        EXTRACT(EPOCH FROM kafka_time) * 1000 + EXTRACT(MILLISECOND FROM kafka_time) AS kafka_ms,
        DECODE(msg_key, 'ISO-8859-1') AS k,
        COALESCE(DECODE(headers['produced_at_us'], 'ISO-8859-1'), '') AS caused_by,
        body
    FROM {{ table }}
    WHERE msg_key IS NOT NULL AND body IS NOT NULL
) AS keyed
