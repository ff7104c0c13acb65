-- Purpose: purchases on which one of two rule sets alerts, what each of them says, and the label known so far.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/silver.
-- Only spans of event time in which both ran count; a rule fired where its line adds weight. About late purchases the
-- batch says what the stream left open.
WITH decided AS (
    SELECT customer_id, transaction_id, rule_set, alert_id, lines, event_timestamp
    FROM silver.fraud_decisions
    WHERE is_alert AND status <> 'withdrawn'
    UNION ALL
    SELECT customer_id, transaction_id, rule_set, alert_id, lines, event_timestamp
    FROM silver.late_decisions
    WHERE is_alert
), told AS (
    SELECT
        d.customer_id, d.transaction_id, d.rule_set, d.alert_id::text AS alert_id,
        array(
            SELECT line ->> 'rule' FROM jsonb_array_elements(d.lines) AS line WHERE (line ->> 'weight_ulo')::bigint > 0
        ) AS fired
    FROM decided AS d
    JOIN unnest({starts}::timestamptz[], {ends}::timestamptz[]) AS s(span_from, span_to)
        ON d.event_timestamp >= s.span_from AND d.event_timestamp < s.span_to
    WHERE d.rule_set IN ({candidate}, {against})
)
SELECT
    c.transaction_id,
    c.event_timestamp,
    (c.amount * 100)::bigint AS amount_minor,
    mine.alert_id AS candidate_alert,
    mine.fired AS candidate_fired,
    theirs.alert_id AS against_alert,
    theirs.fired AS against_fired,
    l.label = 'fraud' AS is_fraud,
    c.is_late
FROM (SELECT * FROM told WHERE rule_set = {candidate}) AS mine
FULL JOIN (SELECT * FROM told WHERE rule_set = {against}) AS theirs USING (customer_id, transaction_id)
JOIN silver.clean_transactions AS c USING (customer_id, transaction_id)
LEFT JOIN silver.labels AS l USING (customer_id, transaction_id)
WHERE NOT c.is_late OR c.fraud_score IS NOT NULL
ORDER BY c.event_timestamp, customer_id, c.transaction_id;
