-- Purpose: silver.fraud_decisions, or silver.fraud_alerts, in the form of recount_decisions.sql.
-- Grain:   one row a decision. Key: (customer_id, transaction_id, rule_set). Source: contracts/silver/fraud_decisions.
SELECT
    concat_ws('/', customer_id, transaction_id, rule_set) AS key,
    ROW(alert_id, role, score, is_alert, calibrated, log_odds_ulo, lines, evidence, calibration_id,
        revision, status, event_timestamp)::text AS line
FROM silver.{table}
