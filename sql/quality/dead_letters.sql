-- Purpose: every rejected record, byte for byte, with its reason.
-- Grain:   one row a record. Key: (log_id, source_partition, source_offset). Source: contracts/bronze/dead_letters.
SELECT source_topic, source_partition, source_offset, source_key, raw_bytes,
       (extract(epoch FROM source_timestamp) * 1000)::bigint, reason
FROM bronze.dead_letters
