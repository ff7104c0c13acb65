-- Purpose: what gold.agg_rule_quality must hold, counted from bronze.
-- Grain:   one row a day, rule set, rule and delay. Key: the same. Source: purchases.sql, labels.sql, alerts.
WITH judged AS MATERIALIZED (
    SELECT
        to_char(b.event_timestamp, 'YYYYMMDD')::integer AS date_key,
        coalesce(a.rule_set, s.rule_set) AS rule_set,
        b.event_timestamp,
        b.amount_minor / 100.0 AS amount,
        l.known_at,
        l.labels,
        CASE WHEN a.content IS NOT NULL THEN '["any"]'::jsonb || coalesce((
            SELECT jsonb_agg(line ->> 'rule') FROM jsonb_array_elements(a.content -> 'lines') AS line
            WHERE (line ->> 'weight_ulo')::bigint <> 0), '[]'::jsonb) END AS alerted_by
    FROM ({purchases}) AS b
    LEFT JOIN ({labels}) AS l ON l.customer_id = b.customer_id AND l.transaction_id = b.transaction_id
    LEFT JOIN jsonb_to_recordset({base_scores}) AS s(
        effective_from timestamptz, effective_to timestamptz, rule_set text)
        ON b.event_timestamp >= s.effective_from AND b.event_timestamp < s.effective_to
    LEFT JOIN ({alerts}) AS a
        ON a.customer_id = b.customer_id AND a.transaction_id = b.transaction_id
           AND a.role = 'live' AND a.status <> 'withdrawn'
),
known AS (
    SELECT
        j.*, w.delay_days,
        j.labels[(SELECT count(*) FROM unnest(j.known_at) AS said(at)
                  WHERE said.at <= j.event_timestamp + make_interval(hours => 24 * w.delay_days))] AS label
    FROM judged AS j
    CROSS JOIN unnest({delays}::integer[]) AS w(delay_days)
    WHERE j.alerted_by IS NOT NULL OR j.labels IS NOT NULL
)
SELECT
    concat_ws('/', d.date_key, d.rule_set, r.rule, w.delay_days) AS key,
    ROW(d.purchases,
        count(*) FILTER (WHERE k.alerted_by ? r.rule),
        count(*) FILTER (WHERE k.alerted_by ? r.rule AND k.label IS NOT NULL),
        count(*) FILTER (WHERE k.alerted_by ? r.rule AND k.label = 'fraud'),
        count(*) FILTER (WHERE k.label = 'fraud'),
        coalesce(sum(k.amount) FILTER (WHERE k.alerted_by ? r.rule), 0)::numeric(18, 2),
        coalesce(sum(k.amount) FILTER (WHERE k.alerted_by ? r.rule AND k.label = 'fraud'), 0)::numeric(18, 2),
        coalesce(sum(k.amount) FILTER (WHERE k.label = 'fraud'), 0)::numeric(18, 2))::text AS line
FROM (SELECT date_key, rule_set, count(*) AS purchases FROM judged GROUP BY date_key, rule_set) AS d
CROSS JOIN unnest({rules}::text[]) AS r(rule)
CROSS JOIN unnest({delays}::integer[]) AS w(delay_days)
LEFT JOIN known AS k ON k.date_key = d.date_key AND k.rule_set = d.rule_set AND k.delay_days = w.delay_days
WHERE d.rule_set IS NOT NULL
GROUP BY d.date_key, d.rule_set, d.purchases, r.rule, w.delay_days
