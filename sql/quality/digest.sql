-- Purpose: compare two sets of rows without moving or sorting them: a sum of 64-bit hashes does not depend on order.
-- Grain:   one row a bucket of keys. Key: bucket. Source: any statement that gives (key, line).
SELECT abs(hashtext(r.key) % {buckets}) AS bucket,
       count(*) AS lines,
       sum(hashtextextended(r.line, 0)) AS digest
FROM ({rows}) AS r
GROUP BY 1
