-- Purpose: the purchases that two rule sets both ran on, alerts or not, and the fraud known so far among them.
-- Grain:   one row a UTC day. Key: day. Source: contracts/silver.
SELECT
    (c.event_timestamp AT TIME ZONE 'UTC')::date AS day,
    count(*) AS purchases,
    count(*) FILTER (WHERE l.label = 'fraud') AS frauds,
    coalesce(sum(c.amount * 100) FILTER (WHERE l.label = 'fraud'), 0)::bigint AS frauds_minor
FROM silver.clean_transactions AS c
JOIN unnest({starts}::timestamptz[], {ends}::timestamptz[]) AS s(span_from, span_to)
    ON c.event_timestamp >= s.span_from AND c.event_timestamp < s.span_to
LEFT JOIN silver.labels AS l USING (customer_id, transaction_id)
WHERE NOT c.is_late
GROUP BY 1
ORDER BY 1;
