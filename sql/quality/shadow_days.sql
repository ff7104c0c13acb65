-- Purpose: the purchases that two rule sets both ran on, alerts or not, and the fraud known so far among them.
-- Grain:   one row a UTC day. Key: day. Source: contracts/silver.
-- A late purchase counts once the batch has judged it; until then it waits.
SELECT
    (c.event_timestamp AT TIME ZONE 'UTC')::date AS day,
    count(*) FILTER (WHERE j.judged) AS purchases,
    count(*) FILTER (WHERE j.judged AND l.label = 'fraud') AS frauds,
    coalesce(sum(c.amount * 100) FILTER (WHERE j.judged AND l.label = 'fraud'), 0)::bigint AS frauds_minor,
    count(*) FILTER (WHERE j.judged AND c.is_late) AS late,
    count(*) FILTER (WHERE NOT j.judged) AS late_waiting
FROM silver.clean_transactions AS c
JOIN unnest({starts}::timestamptz[], {ends}::timestamptz[]) AS s(span_from, span_to)
    ON c.event_timestamp >= s.span_from AND c.event_timestamp < s.span_to
CROSS JOIN LATERAL (SELECT NOT c.is_late OR c.fraud_score IS NOT NULL AS judged) AS j
LEFT JOIN silver.labels AS l USING (customer_id, transaction_id)
GROUP BY 1
ORDER BY 1;
