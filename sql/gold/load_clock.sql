-- Purpose: the time of silver's newest load, in microseconds since 1970; run in silver_db.
-- Grain:   one row.
SELECT (extract(epoch FROM loaded_at) * 1000000)::bigint FROM ops.load_clock;
