-- Purpose: keep what the rule sets say of late purchases.
-- Grain:   one row a late purchase and rule set. Key: the same. Source: contracts/silver/late_decisions.
INSERT INTO silver.late_decisions (
    alert_id, transaction_id, customer_id, rule_set, role, score, is_alert, calibrated, log_odds_ulo, lines, evidence,
    calibration_id, event_timestamp, scored_at, log_id, kafka_partition, kafka_offset)
SELECT
    b.alert_id, b.transaction_id, b.customer_id, b.rule_set, b.role, b.score, b.is_alert, b.calibrated, b.log_odds_ulo,
    b.lines, b.evidence, b.calibration_id, w.event_timestamp, {load_time}, w.log_id, w.kafka_partition, w.kafka_offset
FROM late_decision_batch AS b
JOIN late_wanted AS w USING (customer_id, transaction_id);
