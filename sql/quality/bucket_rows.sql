-- Grain: one row an object of the buckets that differ. Source: any statement that gives (key, line).
SELECT r.key, r.line
FROM ({rows}) AS r
WHERE abs(hashtext(r.key) % {buckets}) = ANY({wanted})
