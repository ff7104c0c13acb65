-- Purpose: a part of other statements: where the purchases lie that the stream found behind their customer's watermark.
-- Grain:   one row a late purchase. Key: (log_id, kafka_partition, kafka_offset). Source: contracts/bronze/raw_late.
SELECT DISTINCT
    raw_payload ->> 'source_log_id' AS log_id,
    (raw_payload ->> 'source_partition')::integer AS kafka_partition,
    (raw_payload ->> 'source_offset')::bigint AS kafka_offset
FROM bronze.raw_late
