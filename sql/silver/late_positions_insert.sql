-- Purpose: remember which purchases came late; they are touched, in case they were cleaned before.
-- Grain:   one row a late purchase. Key: (log_id, kafka_partition, kafka_offset). Source: contracts/bronze/raw_late.
WITH added AS (
    INSERT INTO ops.late_positions (log_id, kafka_partition, kafka_offset, watermark)
    SELECT log_id, kafka_partition, kafka_offset, min(watermark) FROM late_batch
    GROUP BY log_id, kafka_partition, kafka_offset
    ON CONFLICT DO NOTHING
    RETURNING log_id, kafka_partition, kafka_offset
)
INSERT INTO touched_purchases
SELECT b.customer_id, b.transaction_id FROM late_batch AS b
JOIN added AS a USING (log_id, kafka_partition, kafka_offset);
