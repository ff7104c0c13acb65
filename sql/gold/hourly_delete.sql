-- Purpose: clear the touched hours, so that a group that no purchase belongs to any more does not stay.
-- Grain:   one row an hour, store version and currency. Source: contracts/gold/agg_hourly_sales.
DELETE FROM gold.agg_hourly_sales WHERE hour_start IN (SELECT hour_start FROM touched_hours);
