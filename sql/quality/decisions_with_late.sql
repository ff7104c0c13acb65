-- Purpose: a part of other statements: decisions, or alerts, of the stream, and beside them those about late purchases.
-- Grain:   one row a decision. Key: (customer_id, transaction_id, rule_set). Source: standing_decisions.sql, bronze.
SELECT customer_id, transaction_id, rule_set, role, status, score, is_alert, content
FROM ({decisions}) AS s
UNION ALL
SELECT x.customer_id, x.transaction_id, x.rule_set, x.role, 'new', x.score, x.is_alert,
       jsonb_build_object('lines', x.lines)
FROM jsonb_to_recordset({late_decisions}) AS x(
    customer_id text, transaction_id text, rule_set text, role text, score numeric(7, 6), is_alert boolean, lines jsonb)
WHERE x.is_alert OR NOT {alerts_only}
