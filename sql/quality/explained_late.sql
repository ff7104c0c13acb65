-- Purpose: the decisions about late purchases that a reader may mean by an alert's id or by a purchase.
-- Grain:   one row a decision. Key: alert_id. Source: contracts/silver/late_decisions.
SELECT to_jsonb(d) || jsonb_build_object(
    'event_timestamp', to_char(d.event_timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'scored_at', to_char(d.scored_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
FROM silver.late_decisions AS d
WHERE to_jsonb(d) ->> {field} = {wanted} AND ({other} IS NULL OR d.transaction_id = {other})
