-- Purpose: the purchases that alerts are about.
-- Grain:   one row an alert. Key: alert_id. Source: contracts/silver, fraud_alerts and late_decisions.
SELECT alert_id::text, customer_id, transaction_id FROM silver.fraud_alerts WHERE alert_id::text = ANY ({alert_ids})
UNION
SELECT alert_id::text, customer_id, transaction_id FROM silver.late_decisions
WHERE role = 'live' AND is_alert AND alert_id::text = ANY ({alert_ids});
