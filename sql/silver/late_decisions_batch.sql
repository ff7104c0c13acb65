-- Purpose: a temporary table for the decisions of one pass about late purchases.
-- Grain:   one row a decision. Key: (customer_id, transaction_id, rule_set).
CREATE TEMP TABLE late_decision_batch (
    alert_id uuid, transaction_id text, customer_id text, rule_set text, role text, score numeric(7,6),
    is_alert boolean, calibrated boolean, log_odds_ulo bigint, lines jsonb, evidence jsonb, calibration_id text
) ON COMMIT DROP;
