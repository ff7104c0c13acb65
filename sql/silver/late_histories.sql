-- Purpose: what the wanted late purchases are judged by: their customers' purchases in the order of the log.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/silver/clean_transactions.
-- Leaves out what comes after the customer's last wanted purchase, in the log or in event time.
SELECT
    c.customer_id, c.transaction_id, (extract(epoch FROM c.event_timestamp) * 1000000)::bigint,
    (c.amount * 100)::bigint, c.utc_offset_min, c.merchant_id, c.latitude, c.longitude,
    c.log_id, c.kafka_partition, c.kafka_offset, n.transaction_id IS NOT NULL AS is_wanted
FROM (
    SELECT
        customer_id, log_id, kafka_partition, max(kafka_offset) AS last_offset, max(event_timestamp) AS last_time
    FROM late_wanted
    GROUP BY customer_id, log_id, kafka_partition
) AS w
JOIN silver.clean_transactions AS c
    ON c.customer_id = w.customer_id AND c.log_id = w.log_id AND c.kafka_partition = w.kafka_partition
       AND c.kafka_offset <= w.last_offset AND c.event_timestamp <= w.last_time
LEFT JOIN late_wanted AS n ON n.customer_id = c.customer_id AND n.transaction_id = c.transaction_id
ORDER BY c.customer_id, c.log_id, c.kafka_partition, c.kafka_offset;
