-- Grain: one row an alert; the alerts with most rules first, one a combination of rules. Source: silver/fraud_alerts.
WITH fired AS (
    SELECT
        alert_id, transaction_id, event_timestamp, score, lines, rule_set, calibration_id,
        (
            SELECT string_agg(line ->> 'rule', '+' ORDER BY line ->> 'rule')
            FROM jsonb_array_elements(lines) AS line
            WHERE (line ->> 'weight_ulo')::bigint > 0
        ) AS rules
    FROM silver.fraud_alerts
    WHERE status <> 'withdrawn'
)
SELECT DISTINCT ON (rules)
    alert_id, transaction_id, event_timestamp, score, lines, rules, rule_set, calibration_id
FROM fired
ORDER BY rules, event_timestamp, alert_id;
