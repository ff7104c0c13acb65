-- Purpose: how good alerts were, day by day, where the labels of a delay are all known.
-- Grain:   one row a day, rule set, rule and delay. Key: the same. Source: contracts/gold/agg_rule_quality.
-- The last purchase of a day is almost a day younger than its begin, so labels are complete a day after the delay.
SELECT
    rule_set, rule, delay_days, date_key, purchases, alerts, alerts_labelled, frauds_caught, frauds_known,
    amount_alerted, amount_caught, amount_known
FROM gold.agg_rule_quality
WHERE ({rule_set}::text IS NULL OR rule_set = {rule_set}) AND ({rule}::text IS NULL OR rule = {rule})
      AND ({delay}::integer IS NULL OR delay_days = {delay})
      AND ({since}::timestamptz IS NULL OR to_date(date_key::text, 'YYYYMMDD') >= {since}::timestamptz)
      AND to_date(date_key::text, 'YYYYMMDD') + delay_days + 1 <= {now}::timestamptz
ORDER BY date_key, rule_set, delay_days, rule <> 'any', rule;
