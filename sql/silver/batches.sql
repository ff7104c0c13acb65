-- Purpose: temporary tables that hold one pass of bronze, parsed once. They vanish with the transaction.
-- Grain:   one row a bronze record. log_rank orders logs; a recreated topic is a later log.
CREATE TEMP TABLE purchase_batch (
    log_rank integer, customer_id text, transaction_id text, store_id text, product_id text, merchant_id text,
    card_id text, device_id text, channel text, quantity integer, amount_minor bigint, currency text,
    event_timestamp timestamptz, utc_offset_min integer, latitude double precision, longitude double precision,
    schema_version text, known_fields_only boolean, content_hash bigint,
    log_id text, kafka_partition integer, kafka_offset bigint, kafka_timestamp timestamptz
) ON COMMIT DROP;
CREATE TEMP TABLE event_batch (
    log_rank integer, customer_id text, event_id text, event_type text, event_timestamp timestamptz, session_id text,
    device_id text, page text, product_id text, quantity integer, transaction_id text, chargeback_reason text,
    verdict text, analyst text, note text, log_id text, kafka_partition integer, kafka_offset bigint
) ON COMMIT DROP;
CREATE TEMP TABLE reference_batch (
    log_rank integer, entity text, member_id text, valid_from timestamptz, attributes jsonb,
    log_id text, kafka_partition integer, kafka_offset bigint
) ON COMMIT DROP;
CREATE TEMP TABLE late_batch (
    log_id text, kafka_partition integer, kafka_offset bigint, watermark timestamptz, customer_id text,
    transaction_id text
) ON COMMIT DROP;
CREATE TEMP TABLE decision_batch (
    log_rank integer, alert_id uuid, transaction_id text, customer_id text, rule_set text, role text,
    score numeric(7,6), is_alert boolean, calibrated boolean, log_odds_ulo bigint, lines jsonb, evidence jsonb,
    calibration_id text, revision integer, status text, event_timestamp timestamptz, decided_at timestamptz,
    log_id text, kafka_partition integer, kafka_offset bigint
) ON COMMIT DROP;
CREATE TEMP TABLE alert_batch (LIKE decision_batch) ON COMMIT DROP;
CREATE TEMP TABLE touched_purchases (customer_id text, transaction_id text) ON COMMIT DROP;
