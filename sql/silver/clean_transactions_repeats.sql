-- Purpose: count the repeats of purchases, and flag those whose repeat has other content.
-- Grain:   one row a purchase that was repeated. Key: (customer_id, transaction_id).
-- Source:  contracts/silver/clean_transactions. Every row of the batch is counted once, because marks never go back.
UPDATE silver.clean_transactions AS c SET
    duplicate_count = c.duplicate_count + r.equal_repeats,
    has_conflict = c.has_conflict OR r.other_repeats > 0,
    is_valid = c.is_valid AND r.other_repeats = 0,
    quality_checks = CASE WHEN r.other_repeats = 0 THEN c.quality_checks
                          ELSE c.quality_checks || jsonb_build_object('one_content', false) END,
    cleaned_at = {load_time}
FROM (
    SELECT
        b.customer_id, b.transaction_id,
        count(*) FILTER (WHERE b.content_hash = (k.quality_checks ->> 'content_hash')::bigint) AS equal_repeats,
        count(*) FILTER (WHERE b.content_hash <> (k.quality_checks ->> 'content_hash')::bigint) AS other_repeats
    FROM purchase_batch AS b
    JOIN silver.clean_transactions AS k USING (customer_id, transaction_id)
    WHERE (b.log_id, b.kafka_partition, b.kafka_offset) <> (k.log_id, k.kafka_partition, k.kafka_offset)
    GROUP BY b.customer_id, b.transaction_id
) AS r
WHERE c.customer_id = r.customer_id AND c.transaction_id = r.transaction_id;
