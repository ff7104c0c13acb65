-- Grain: one row a rule set and the calibration that its alerts name; standing alerts. Source contract: silver/fraud_alerts.
SELECT rule_set, coalesce(calibration_id, '') AS calibration, count(*) AS alerts
FROM silver.fraud_alerts
WHERE status <> 'withdrawn'
GROUP BY rule_set, calibration_id
ORDER BY rule_set, calibration;
