-- Purpose: a part of other statements: purchases with what the stream said about them, or the batch if they came late.
-- Grain:   one row a purchase, the one that came first. Key: (customer_id, transaction_id). Source: as given.
-- No decision means that no rule had anything to say: the base score of the rule set in force, or null before the
-- first. A late purchase is judged in the pass that knows both its row and its late record.
SELECT DISTINCT ON (p.customer_id, p.transaction_id)
    p.*,
    coalesce(x.score, d.score, b.score) AS stream_score,
    coalesce(x.is_alert, d.is_alert, CASE WHEN b.score IS NOT NULL THEN false END) AS stream_alert,
    l.log_id IS NOT NULL AS behind_watermark
FROM {purchases} AS p
LEFT JOIN ops.late_positions AS l USING (log_id, kafka_partition, kafka_offset)
LEFT JOIN ops.base_scores AS b
    ON p.event_timestamp >= b.effective_from AND p.event_timestamp < b.effective_to
LEFT JOIN silver.late_decisions AS x
    ON l.log_id IS NOT NULL AND x.customer_id = p.customer_id AND x.transaction_id = p.transaction_id
       AND x.role = 'live'
LEFT JOIN silver.fraud_decisions AS d
    ON d.customer_id = p.customer_id AND d.transaction_id = p.transaction_id AND d.role = 'live'
ORDER BY p.customer_id, p.transaction_id, {first}, (d.rule_set IS NOT DISTINCT FROM b.rule_set) DESC, d.rule_set DESC
