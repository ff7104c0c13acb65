-- Grain: one row a bucket of keys. Source: any statement that gives (key, line), one row an object compared.
-- A sum of 64-bit hashes does not depend on the order of rows, so two databases can be compared without sorting either.
SELECT abs(hashtext(r.key) % {buckets}) AS bucket,
       count(*) AS lines,
       sum(hashtextextended(r.line, 0)) AS digest
FROM ({rows}) AS r
GROUP BY 1
