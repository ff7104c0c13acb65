-- Purpose: read one slice of late purchases from bronze and parse it.
-- Grain:   one row a record; its key is where the purchase lies. Source: contracts/bronze/raw_late.
INSERT INTO late_batch
SELECT p.source_log_id, p.source_partition, p.source_offset, p.watermark, p.customer_id, p.transaction_id
FROM bronze_ext.raw_late AS r
CROSS JOIN LATERAL jsonb_to_record(r.raw_payload) AS p(
    source_log_id text, source_partition integer, source_offset bigint, watermark timestamptz, customer_id text,
    transaction_id text)
WHERE r.log_id = {log_id} AND r.kafka_partition = {kafka_partition}
      AND r.kafka_offset >= {from_offset} AND r.kafka_offset < {to_offset};
