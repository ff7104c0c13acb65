-- Purpose: clear the touched days.
-- Grain:   one row a day, rule set, rule and delay. Source: contracts/gold/agg_rule_quality.
DELETE FROM gold.agg_rule_quality
WHERE date_key IN (SELECT to_char(hour_start AT TIME ZONE 'UTC', 'YYYYMMDD')::integer FROM touched_hours);
