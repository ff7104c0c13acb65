-- Purpose: the first and the last touched hour, for bounds that reach indexes and the far side.
-- Grain:   one row.
SELECT min(hour_start), max(hour_start) FROM touched_hours;
