-- Purpose: versions of a member that overlap, leave a gap, or are not current exactly when they are the last.
-- Grain:   one row: how many, and the first. Source: one type 2 table of silver or gold.
SELECT count(*), min(concat_ws('/', member, valid_from))
FROM (
    SELECT
        {member} AS member, valid_from, valid_to, is_current,
        lead(valid_from) OVER (PARTITION BY {member} ORDER BY valid_from) AS next_from
    FROM {table}
    WHERE {member} IS NOT NULL
) AS v
WHERE valid_to IS DISTINCT FROM next_from OR is_current <> (next_from IS NULL)
