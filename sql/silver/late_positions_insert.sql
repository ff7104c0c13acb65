-- Purpose: remember which purchases came late; they are touched, in case they were cleaned before.
-- Grain:   one row a late purchase. Key: (log_id, kafka_partition, kafka_offset). Source: contracts/bronze/raw_late.
WITH added AS (
    INSERT INTO ops.late_positions (log_id, kafka_partition, kafka_offset, watermark, customer_id, transaction_id)
    SELECT log_id, kafka_partition, kafka_offset, min(watermark), min(customer_id), min(transaction_id)
    FROM late_batch
    GROUP BY log_id, kafka_partition, kafka_offset
    ON CONFLICT DO NOTHING
    RETURNING customer_id, transaction_id
)
INSERT INTO touched_purchases SELECT customer_id, transaction_id FROM added;
