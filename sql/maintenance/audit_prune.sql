-- Purpose: forget audit rows of long ago.
-- Grain:   one row a run, pass and table. Source: ops.load_audit.
DELETE FROM ops.load_audit WHERE finished_at < now() - make_interval(days => {keep_days});
