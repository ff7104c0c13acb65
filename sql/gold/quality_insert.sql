-- Purpose: count the touched days anew: alerts a rule, beside the labels known so many days after each purchase.
-- Grain:   one row a day, rule set, rule and delay. Key: the same. Source: contracts/gold/agg_rule_quality.
-- A purchase belongs to the rule set that alerted on it, else to the live one of its time; without one it is left out.
-- A label counts by what it said then: the last of its statements that was known within the delay.
WITH judged AS (
    SELECT f.date_key, coalesce(a.rule_set, p.rule_set) AS rule_set, f.event_timestamp, f.amount, a.rules, l.statements
    FROM gold.fact_transactions AS f
    LEFT JOIN alerted AS a
        ON a.customer_id = f.customer_id AND a.transaction_id = f.transaction_id AND f.fraud_flag
    LEFT JOIN ops.rule_periods AS p
        ON f.event_timestamp >= p.effective_from AND f.event_timestamp < p.effective_to
    LEFT JOIN ops.labels AS l ON l.customer_id = f.customer_id AND l.transaction_id = f.transaction_id
    WHERE f.event_timestamp >= {first_day} AND f.event_timestamp < {last_day}
          AND f.date_key IN (SELECT to_char(hour_start AT TIME ZONE 'UTC', 'YYYYMMDD')::integer FROM touched_hours)
),
days AS (
    SELECT date_key, rule_set, count(*) AS purchases FROM judged WHERE rule_set IS NOT NULL GROUP BY date_key, rule_set
),
known AS (
    SELECT j.date_key, j.rule_set, w.delay_days, j.amount, j.rules, s.label
    FROM judged AS j
    CROSS JOIN unnest({delays}::integer[]) AS w(delay_days)
    LEFT JOIN LATERAL (
        SELECT one ->> 'label' AS label
        FROM jsonb_array_elements(j.statements) WITH ORDINALITY AS said(one, place)
        WHERE (one ->> 'known_at')::timestamptz <= j.event_timestamp + make_interval(hours => 24 * w.delay_days)
        ORDER BY place DESC LIMIT 1
    ) AS s ON true
    WHERE j.rules IS NOT NULL OR j.statements IS NOT NULL
)
INSERT INTO gold.agg_rule_quality (date_key, rule_set, rule, delay_days, purchases, alerts, alerts_labelled,
                                   frauds_caught, frauds_known, amount_alerted, amount_caught, amount_known)
SELECT
    d.date_key, d.rule_set, r.rule, w.delay_days, d.purchases,
    count(*) FILTER (WHERE r.rule = ANY (k.rules)),
    count(*) FILTER (WHERE r.rule = ANY (k.rules) AND k.label IS NOT NULL),
    count(*) FILTER (WHERE r.rule = ANY (k.rules) AND k.label = 'fraud'),
    count(*) FILTER (WHERE k.label = 'fraud'),
    coalesce(sum(k.amount) FILTER (WHERE r.rule = ANY (k.rules)), 0),
    coalesce(sum(k.amount) FILTER (WHERE r.rule = ANY (k.rules) AND k.label = 'fraud'), 0),
    coalesce(sum(k.amount) FILTER (WHERE k.label = 'fraud'), 0)
FROM days AS d
CROSS JOIN unnest({rules}::text[]) AS r(rule)
CROSS JOIN unnest({delays}::integer[]) AS w(delay_days)
LEFT JOIN known AS k ON k.date_key = d.date_key AND k.rule_set = d.rule_set AND k.delay_days = w.delay_days
GROUP BY d.date_key, d.rule_set, r.rule, w.delay_days, d.purchases;
