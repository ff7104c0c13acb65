-- Purpose: a part of other statements: the purchases, counted from the records as they came; the lowest offset wins.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/bronze/raw_transactions.
-- Reads the payload, not the columns that ingestion derived from it, so that a wrong column is found too.
SELECT *
FROM (
    SELECT
        s.*,
        count(*) FILTER (WHERE content = first_content) OVER purchase - 1 AS equal_repeats,
        count(*) FILTER (WHERE content <> first_content) OVER purchase AS other_repeats
    FROM (
        SELECT
            b.*,
            row_number() OVER arrival AS place,
            first_value(content) OVER arrival AS first_content
        FROM (
            SELECT
                r.raw_payload ->> 'customer_id' AS customer_id,
                r.raw_payload ->> 'transaction_id' AS transaction_id,
                (r.raw_payload ->> 'event_timestamp')::timestamptz AS event_timestamp,
                (r.raw_payload ->> 'amount_minor')::bigint AS amount_minor,
                r.raw_payload ->> 'currency' AS currency,
                r.raw_payload ->> 'channel' AS channel,
                r.raw_payload AS content,
                min(r.kafka_timestamp) OVER (PARTITION BY r.log_id) AS log_began,
                r.processing_status,
                r.schema_version,
                r.log_id,
                r.kafka_partition,
                r.kafka_offset,
                r.kafka_timestamp
            FROM bronze.raw_transactions AS r
        ) AS b
        WINDOW arrival AS (PARTITION BY customer_id, transaction_id ORDER BY log_began, log_id, kafka_offset)
    ) AS s
    WINDOW purchase AS (PARTITION BY customer_id, transaction_id)
) AS counted
WHERE place = 1
