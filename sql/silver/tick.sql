-- Purpose: take the time of this load, above that of every load before it.
-- Grain:   one row.
UPDATE ops.load_clock SET loaded_at = greatest(clock_timestamp(), loaded_at + interval '1 microsecond')
RETURNING loaded_at;
