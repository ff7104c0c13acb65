-- Purpose: read one slice of reference changes from bronze and parse it.
-- Grain:   one row a record. Key: (log_id, kafka_partition, kafka_offset). Source: contracts/bronze/raw_reference.
INSERT INTO reference_batch
SELECT
    {log_rank}, p.entity, p.member_id, p.valid_from, p.attributes, r.log_id, r.kafka_partition, r.kafka_offset
FROM bronze_ext.raw_reference AS r
CROSS JOIN LATERAL jsonb_to_record(r.raw_payload) AS p(
    entity text, member_id text, valid_from timestamptz, attributes jsonb)
WHERE r.log_id = {log_id} AND r.kafka_partition = {kafka_partition}
      AND r.kafka_offset >= {from_offset} AND r.kafka_offset < {to_offset};
