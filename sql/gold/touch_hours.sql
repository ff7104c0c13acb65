-- Purpose: name each hour that has a new or changed purchase.
-- Grain:   one row an hour, UTC. Key: hour_start.
INSERT INTO touched_hours
SELECT DISTINCT date_trunc('hour', event_timestamp, 'UTC')
FROM (SELECT event_timestamp FROM fact_batch UNION ALL SELECT event_timestamp FROM touched_times) AS t;
