-- Purpose: clear the touched days.
-- Grain:   one row a day and rule. Source: contracts/gold/agg_daily_fraud.
DELETE FROM gold.agg_daily_fraud
WHERE date_key IN (SELECT to_char(hour_start AT TIME ZONE 'UTC', 'YYYYMMDD')::integer FROM touched_hours);
