-- Purpose: one alert with its lines, its purchase and the label that stands.
-- Grain:   at most one row. Key: alert_id. Source: contracts/silver, fraud_alerts, clean_transactions, labels.
SELECT
    a.alert_id, a.customer_id, a.transaction_id, a.event_timestamp, a.score, a.calibrated, a.rule_set,
    a.calibration_id, a.revision, a.status, a.lines, a.evidence, c.amount, c.currency, c.merchant_id, c.channel,
    l.label, l.source, l.known_at
FROM silver.fraud_alerts AS a
LEFT JOIN silver.clean_transactions AS c USING (customer_id, transaction_id)
LEFT JOIN silver.labels AS l USING (customer_id, transaction_id)
WHERE a.alert_id::text = {alert_id};
