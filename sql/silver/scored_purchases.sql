-- Purpose: a part of other statements: purchases with what the stream said about them.
-- Grain:   one row a purchase, the one that came first. Key: (customer_id, transaction_id). Source: as given.
-- No decision means that no rule had anything to say: the base score of the rule set in force, or null before the
-- first. A late purchase was never judged by the stream, so it has no score, rather than one that claims all is well.
SELECT DISTINCT ON (p.customer_id, p.transaction_id)
    p.*,
    coalesce(d.score, CASE WHEN l.log_id IS NULL THEN b.score END) AS stream_score,
    coalesce(d.is_alert, CASE WHEN l.log_id IS NULL AND b.score IS NOT NULL THEN false END) AS stream_alert,
    l.log_id IS NOT NULL AS behind_watermark
FROM {purchases} AS p
LEFT JOIN ops.late_positions AS l USING (log_id, kafka_partition, kafka_offset)
LEFT JOIN ops.base_scores AS b
    ON p.event_timestamp >= b.effective_from AND p.event_timestamp < b.effective_to
LEFT JOIN silver.fraud_decisions AS d
    ON d.customer_id = p.customer_id AND d.transaction_id = p.transaction_id AND d.role = 'live'
ORDER BY p.customer_id, p.transaction_id, {first}, (d.rule_set IS NOT DISTINCT FROM b.rule_set) DESC, d.rule_set DESC
