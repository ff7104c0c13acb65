-- Purpose: read one slice of decisions, or of alerts, from bronze and parse it.
-- Grain:   one row a record. Source: contracts/bronze/raw_fraud_decisions, contracts/bronze/raw_fraud_alerts.
-- decided_at is the Kafka timestamp: the same after a restart, which a wall clock is not.
INSERT INTO {batch}
SELECT
    {log_rank}, p.alert_id, p.transaction_id, p.customer_id, p.rule_set, p.role, p.score, p.is_alert, p.calibrated,
    p.log_odds_ulo, p.lines, p.evidence, p.calibration_id, p.revision, p.status, r.event_timestamp,
    r.kafka_timestamp, r.log_id, r.kafka_partition, r.kafka_offset
FROM {source} AS r
CROSS JOIN LATERAL jsonb_to_record(r.raw_payload) AS p(
    alert_id uuid, transaction_id text, customer_id text, rule_set text, role text, score numeric(7,6),
    is_alert boolean, calibrated boolean, log_odds_ulo bigint, lines jsonb, evidence jsonb, calibration_id text,
    revision integer, status text)
WHERE r.log_id = {log_id} AND r.kafka_partition = {kafka_partition}
      AND r.kafka_offset >= {from_offset} AND r.kafka_offset < {to_offset};
