-- Purpose: alerts of rule sets on the newest days whose labels of a delay are all known, and how many were fraud.
-- Grain:   one row. Source: contracts/gold/agg_rule_quality.
SELECT
    coalesce(sum(alerts), 0)::bigint, coalesce(sum(alerts_labelled), 0)::bigint,
    coalesce(sum(frauds_caught), 0)::bigint, min(date_key), max(date_key)
FROM gold.agg_rule_quality
WHERE rule = 'any' AND rule_set = ANY ({rule_sets}) AND delay_days = {delay}
      AND to_date(date_key::text, 'YYYYMMDD') + delay_days + 1 <= {now}
      AND to_date(date_key::text, 'YYYYMMDD') + delay_days + 1 + {days} > {now}
