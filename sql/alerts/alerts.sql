-- Purpose: the standing alerts of live rule sets, the newest first, with amount and label.
-- Grain:   one row an alert. Key: alert_id. Source: contracts/silver, fraud_alerts, late_decisions, labels.
-- Either those to deliver, or those that the safety valve held back: a header of the alert's record says so (ADR 0016).
SELECT
    a.alert_id, a.customer_id, a.transaction_id, a.event_timestamp, a.score, a.rule_set, f.fired, c.amount, c.currency,
    l.label, l.source, l.known_at, a.late
FROM (
    SELECT alert_id, customer_id, transaction_id, event_timestamp, score, rule_set, lines, log_id, kafka_partition,
           kafka_offset, false AS late
    FROM silver.fraud_alerts WHERE role = 'live' AND status <> 'withdrawn'
    UNION ALL
    SELECT alert_id, customer_id, transaction_id, event_timestamp, score, rule_set, lines, log_id, kafka_partition,
           kafka_offset, true
    FROM silver.late_decisions WHERE role = 'live' AND is_alert
) AS a
CROSS JOIN LATERAL (
    SELECT array(
        SELECT line ->> 'rule' FROM jsonb_array_elements(a.lines) AS line WHERE (line ->> 'weight_ulo')::bigint > 0
    ) AS fired
) AS f
LEFT JOIN silver.clean_transactions AS c USING (customer_id, transaction_id)
LEFT JOIN silver.labels AS l USING (customer_id, transaction_id)
LEFT JOIN (
    SELECT log_id, kafka_partition, kafka_offset, headers ->> 'held_back' AS held_back
    FROM bronze_ext.raw_fraud_alerts
    WHERE headers ? 'held_back' AND ({since}::timestamptz IS NULL OR event_timestamp >= {since}::timestamptz)
) AS h ON (h.log_id, h.kafka_partition, h.kafka_offset) = (a.log_id, a.kafka_partition, a.kafka_offset)
WHERE (h.held_back IS NOT NULL) = {held_back}
      AND ({since}::timestamptz IS NULL OR a.event_timestamp >= {since}::timestamptz)
      AND ({rule}::text IS NULL OR {rule} = ANY (f.fired))
      AND (NOT {unlabelled} OR l.label IS NULL)
ORDER BY a.event_timestamp DESC, a.alert_id
LIMIT {limit};
