-- Purpose: read the standing alerts of the touched days, with the rules that weighed in them.
-- Grain:   one row an alert of the live rule set. Source: contracts/silver/fraud_decisions.
INSERT INTO alerted
SELECT d.customer_id, d.transaction_id, d.rule_set,
       ARRAY(SELECT line ->> 'rule' FROM jsonb_array_elements(d.lines) AS line
             WHERE (line ->> 'weight_ulo')::bigint <> 0) || 'any'::text
FROM silver_ext.fraud_decisions AS d
WHERE d.role = 'live' AND d.is_alert AND d.event_timestamp >= {first_day} AND d.event_timestamp < {last_day};
