-- Purpose: what gold.agg_daily_fraud must hold, counted from bronze.
-- Grain:   one row a day and rule, or "any". Key: (date_key, rule). Source: purchases.sql, labels.sql, alerts.
SELECT
    concat_ws('/', date_key, rule) AS key,
    ROW(transactions, alerts, amount_alerted, labelled_fraud, true_positives, false_positives, amount_labelled,
        amount_caught)::text AS line
FROM (
    SELECT
        p.date_key,
        r.rule,
        count(*) AS transactions,
        count(*) FILTER (WHERE p.alerted_by ? r.rule) AS alerts,
        coalesce(sum(p.amount) FILTER (WHERE p.alerted_by ? r.rule), 0)::numeric(18, 2) AS amount_alerted,
        count(*) FILTER (WHERE p.labelled) AS labelled_fraud,
        count(*) FILTER (WHERE p.alerted_by ? r.rule AND p.labelled) AS true_positives,
        count(*) FILTER (WHERE p.alerted_by ? r.rule AND NOT p.labelled) AS false_positives,
        coalesce(sum(p.amount) FILTER (WHERE p.labelled), 0)::numeric(18, 2) AS amount_labelled,
        coalesce(sum(p.amount) FILTER (WHERE p.alerted_by ? r.rule AND p.labelled), 0)::numeric(18, 2) AS amount_caught
    FROM (
        SELECT
            to_char(b.event_timestamp, 'YYYYMMDD')::integer AS date_key,
            b.amount_minor / 100.0 AS amount,
            coalesce(l.label_fraud, false) AS labelled,
            CASE WHEN a.content IS NULL THEN '[]'::jsonb ELSE '["any"]'::jsonb || coalesce((
                SELECT jsonb_agg(line ->> 'rule') FROM jsonb_array_elements(a.content -> 'lines') AS line
                WHERE (line ->> 'weight_ulo')::bigint <> 0), '[]'::jsonb) END AS alerted_by
        FROM ({purchases}) AS b
        LEFT JOIN ({labels}) AS l ON l.customer_id = b.customer_id AND l.transaction_id = b.transaction_id
        LEFT JOIN ({alerts}) AS a
            ON a.customer_id = b.customer_id AND a.transaction_id = b.transaction_id
               AND a.role = 'live' AND a.status <> 'withdrawn'
    ) AS p
    CROSS JOIN unnest({rules}::text[]) AS r(rule)
    GROUP BY p.date_key, r.rule
) AS d
