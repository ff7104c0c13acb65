-- Purpose: read the standing alerts of the touched days, with the rules that weighed in them.
-- Grain:   one row an alert of the live rule set. Source: contracts/silver, fraud_decisions and late_decisions.
INSERT INTO alerted
SELECT d.customer_id, d.transaction_id, d.rule_set,
       ARRAY(SELECT line ->> 'rule' FROM jsonb_array_elements(d.lines) AS line
             WHERE (line ->> 'weight_ulo')::bigint <> 0) || 'any'::text
FROM (
    SELECT customer_id, transaction_id, rule_set, lines FROM silver_ext.fraud_decisions
    WHERE role = 'live' AND is_alert AND event_timestamp >= {first_day} AND event_timestamp < {last_day}
    UNION ALL
    SELECT customer_id, transaction_id, rule_set, lines FROM silver_ext.late_decisions
    WHERE role = 'live' AND is_alert AND event_timestamp >= {first_day} AND event_timestamp < {last_day}
) AS d;
