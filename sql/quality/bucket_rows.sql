-- Purpose: fetch the rows of the buckets whose digests differ.
-- Grain:   one row an object compared. Key: key. Source: any statement that gives (key, line).
SELECT r.key, r.line
FROM ({rows}) AS r
WHERE abs(hashtext(r.key) % {buckets}) = ANY({wanted})
