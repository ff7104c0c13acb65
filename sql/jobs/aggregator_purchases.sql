-- Purpose: the accepted purchases, each once: the lowest offset of a (customer_id, transaction_id) wins.
-- Grain: a distinct purchase. Key: (customer_id, transaction_id). Source contract: contracts/events/transactions.raw.
-- One customer's records lie in one partition, so the order of arrival within a customer is the order of offsets.
SELECT currency, channel, event_minute, amount_minor
FROM (
    SELECT
        *,
        ROW_NUMBER() OVER (PARTITION BY customer_id, transaction_id ORDER BY arrival ASC) AS place
    FROM (
        SELECT
            purchase.customer_id AS customer_id,
            purchase.transaction_id AS transaction_id,
            purchase.currency AS currency,
            purchase.channel AS channel,
            purchase.event_minute AS event_minute,
            purchase.amount_minor AS amount_minor,
            arrival
        FROM (
            SELECT
                arrival,
                accepted_purchase(
                    kafka_topic,
                    msg_key,
                    body,
                    EXTRACT(EPOCH FROM kafka_time) * 1000 + EXTRACT(MILLISECOND FROM kafka_time)
                ) AS purchase
            FROM source
            WHERE msg_key IS NOT NULL AND body IS NOT NULL
        ) AS judged
    ) AS fields
    WHERE customer_id IS NOT NULL
) AS numbered
WHERE place = 1
