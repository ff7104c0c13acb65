-- Purpose: how many partitions' last purchases stand in bronze; found by their key, so that asking hardly slows the writer.
-- Grain:   one row. Source: contracts/bronze/raw_transactions.
SELECT count(*)
FROM unnest({partitions}::integer[], {offsets}::bigint[]) AS l (kafka_partition, kafka_offset)
JOIN bronze.raw_transactions AS r USING (kafka_partition, kafka_offset)
WHERE r.log_id = {log_id};
