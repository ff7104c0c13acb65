-- Purpose: complete inferred members: the earliest version takes over the row, so that facts keep their key.
-- Grain:   one row a member that was inferred. Key: the surrogate. Source: contracts/gold, one type 2 dimension.
UPDATE {dimension} AS d SET
    ({attributes}, valid_from, valid_to, is_current, is_inferred)
    = (SELECT {attributes}, valid_from, valid_to, is_current, false FROM {batch} AS b
       WHERE b.{member} = d.{member} ORDER BY b.valid_from LIMIT 1)
WHERE d.is_inferred AND d.{member} IN (SELECT {member} FROM {batch});
