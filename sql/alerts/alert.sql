-- Purpose: one alert with its lines, its purchase and the label that stands.
-- Grain:   at most one row. Key: alert_id. Source: contracts/silver, fraud_alerts, late_decisions, labels.
SELECT
    a.alert_id, a.customer_id, a.transaction_id, a.event_timestamp, a.score, a.calibrated, a.rule_set,
    a.calibration_id, a.revision, a.status, a.lines, a.evidence, c.amount, c.currency, c.merchant_id, c.channel,
    l.label, l.source, l.known_at, a.late
FROM (
    SELECT alert_id, customer_id, transaction_id, event_timestamp, score, calibrated, rule_set, calibration_id, revision,
           status, lines, evidence, false AS late
    FROM silver.fraud_alerts
    UNION ALL
    SELECT alert_id, customer_id, transaction_id, event_timestamp, score, calibrated, rule_set, calibration_id, 0, 'new',
           lines, evidence, true
    FROM silver.late_decisions WHERE role = 'live' AND is_alert
) AS a
LEFT JOIN silver.clean_transactions AS c USING (customer_id, transaction_id)
LEFT JOIN silver.labels AS l USING (customer_id, transaction_id)
WHERE a.alert_id::text = {alert_id};
