-- Purpose: give each member that a purchase names and nobody described a row of its own, to be completed later.
-- Grain:   one row a member. Key: the member. Source: the batch of purchases.
INSERT INTO {dimension} ({member}, valid_from, is_current, is_inferred)
SELECT DISTINCT f.{member}, timestamptz 'epoch', true, true
FROM fact_batch AS f
WHERE f.{member} IS NOT NULL AND NOT EXISTS (SELECT FROM {dimension} AS d WHERE d.{member} = f.{member})
ORDER BY f.{member};
