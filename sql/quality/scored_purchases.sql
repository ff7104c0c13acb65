-- Purpose: a part of other statements: purchases with the live score; the base score if no rule spoke.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: purchases.sql, decisions_with_late.sql.
SELECT DISTINCT ON (p.customer_id, p.transaction_id)
    p.*,
    l.log_id IS NOT NULL AS is_late,
    coalesce(d.score, b.score) AS score,
    coalesce(d.is_alert, CASE WHEN b.score IS NOT NULL THEN false END) AS is_alert
FROM ({purchases}) AS p
LEFT JOIN ({late}) AS l USING (log_id, kafka_partition, kafka_offset)
LEFT JOIN jsonb_to_recordset({base_scores}) AS b(
    effective_from timestamptz, effective_to timestamptz, rule_set text, score numeric(7, 6))
    ON p.event_timestamp >= b.effective_from AND p.event_timestamp < b.effective_to
LEFT JOIN ({decisions}) AS d
    ON d.customer_id = p.customer_id AND d.transaction_id = p.transaction_id AND d.role = 'live'
ORDER BY p.customer_id, p.transaction_id, (d.rule_set IS NOT DISTINCT FROM b.rule_set) DESC, d.rule_set DESC
