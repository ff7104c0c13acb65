-- Purpose: the newest run of each transform.
-- Grain:   one row a transform. Source: ops.load_audit.
SELECT DISTINCT ON (transform) transform, run_id, status, finished_at, detail
FROM ops.load_audit ORDER BY transform, finished_at DESC, audit_id DESC;
