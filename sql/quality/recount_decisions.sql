-- Purpose: what silver.fraud_decisions, or silver.fraud_alerts, must hold, counted from bronze.
-- Grain:   one row a decision. Key: (customer_id, transaction_id, rule_set). Source: standing_decisions.sql.
SELECT
    concat_ws('/', d.customer_id, d.transaction_id, d.rule_set) AS key,
    ROW(p.alert_id, d.role, d.score, d.is_alert, p.calibrated, p.log_odds_ulo, p.lines, p.evidence, p.calibration_id,
        d.revision, d.status, p.event_timestamp)::text AS line
FROM ({decisions}) AS d
CROSS JOIN LATERAL jsonb_to_record(d.content) AS p(
    alert_id uuid, calibrated boolean, log_odds_ulo bigint, lines jsonb, evidence jsonb, calibration_id text,
    event_timestamp timestamptz)
