-- Purpose: count the touched days anew: alerts a rule, and how they compare with the labels known so far.
-- Grain:   one row a day and rule; 'any' is every alert. Key: (date_key, rule). Source: contracts/gold/agg_daily_fraud.
-- An alert belongs to each rule that weighed in it, so rules do not add up to 'any'.
INSERT INTO gold.agg_daily_fraud (date_key, rule, transactions, alerts, amount_alerted, labelled_fraud, true_positives,
                                  false_positives, amount_labelled, amount_caught)
SELECT
    f.date_key, r.rule, count(*),
    count(*) FILTER (WHERE r.rule = ANY (a.rules)),
    coalesce(sum(f.amount) FILTER (WHERE r.rule = ANY (a.rules)), 0),
    count(*) FILTER (WHERE f.label_fraud),
    count(*) FILTER (WHERE r.rule = ANY (a.rules) AND f.label_fraud),
    count(*) FILTER (WHERE r.rule = ANY (a.rules) AND f.label_fraud IS NOT TRUE),
    coalesce(sum(f.amount) FILTER (WHERE f.label_fraud), 0),
    coalesce(sum(f.amount) FILTER (WHERE r.rule = ANY (a.rules) AND f.label_fraud), 0)
FROM gold.fact_transactions AS f
LEFT JOIN alerted AS a ON a.customer_id = f.customer_id AND a.transaction_id = f.transaction_id AND f.fraud_flag
CROSS JOIN unnest({rules}::text[]) AS r(rule)
WHERE f.event_timestamp >= {first_day} AND f.event_timestamp < {last_day}
      AND f.date_key IN (SELECT to_char(hour_start AT TIME ZONE 'UTC', 'YYYYMMDD')::integer FROM touched_hours)
GROUP BY f.date_key, r.rule;
