-- Purpose: every accepted purchase record of customers who had a late one, byte for byte, a customer's logs in order.
-- Grain:   one row a record. Key: (log_id, kafka_partition, kafka_offset). Source: raw_transactions, late_sources.sql.
SELECT
    r.customer_id, r.log_id, r.kafka_key, r.raw_bytes, (extract(epoch FROM r.kafka_timestamp) * 1000)::bigint,
    l.log_id IS NOT NULL AS is_late
FROM (
    SELECT
        t.raw_payload ->> 'customer_id' AS customer_id, t.log_id, t.kafka_partition, t.kafka_offset, t.kafka_key,
        t.raw_bytes, t.kafka_timestamp, min(t.kafka_timestamp) OVER (PARTITION BY t.log_id) AS log_began
    FROM bronze.raw_transactions AS t
) AS r
LEFT JOIN ({late}) AS l USING (log_id, kafka_partition, kafka_offset)
WHERE r.customer_id IN (SELECT raw_payload ->> 'customer_id' FROM bronze.raw_late)
ORDER BY r.customer_id, r.log_began, r.log_id, r.kafka_partition, r.kafka_offset
