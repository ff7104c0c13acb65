-- Purpose: add versions of members, and bring known ones up to date.
-- Grain:   one row a version. Key: the member and valid_from. Source: contracts/gold, one type 2 dimension.
INSERT INTO {dimension} AS d ({member}, {attributes}, valid_from, valid_to, is_current, is_inferred)
SELECT {member}, {attributes}, valid_from, valid_to, is_current, false FROM {batch}
ORDER BY {member}, valid_from
ON CONFLICT ({member}, valid_from) DO UPDATE SET
    ({attributes}, valid_to, is_current, is_inferred)
    = ({new_attributes}, excluded.valid_to, excluded.is_current, false);
