-- Purpose: keep the highest revision of each decision, or alert.
-- Grain:   one row a decision. Key: as given. Source: contracts/silver/fraud_decisions, contracts/silver/fraud_alerts.
-- A repeat of a revision (the stream sends at least once) changes nothing: the first one stays.
WITH changed AS (
    INSERT INTO {target} AS t (
        alert_id, transaction_id, customer_id, rule_set, role, score, is_alert, calibrated, log_odds_ulo, lines,
        evidence, calibration_id, revision, status, event_timestamp, decided_at, log_id, kafka_partition, kafka_offset)
    SELECT DISTINCT ON ({key})
        alert_id, transaction_id, customer_id, rule_set, role, score, is_alert, calibrated, log_odds_ulo, lines,
        evidence, calibration_id, revision, status, event_timestamp, decided_at, log_id, kafka_partition, kafka_offset
    FROM {batch}
    ORDER BY {key}, revision DESC, log_rank, kafka_offset
    ON CONFLICT ({key}) DO UPDATE SET
        (role, score, is_alert, calibrated, log_odds_ulo, lines, evidence, calibration_id, revision, status,
         event_timestamp, decided_at, log_id, kafka_partition, kafka_offset)
        = (excluded.role, excluded.score, excluded.is_alert, excluded.calibrated, excluded.log_odds_ulo,
           excluded.lines, excluded.evidence, excluded.calibration_id, excluded.revision, excluded.status,
           excluded.event_timestamp, excluded.decided_at, excluded.log_id, excluded.kafka_partition,
           excluded.kafka_offset)
    WHERE excluded.revision > t.revision
    RETURNING t.customer_id, t.transaction_id
)
INSERT INTO touched_purchases SELECT customer_id, transaction_id FROM changed;
