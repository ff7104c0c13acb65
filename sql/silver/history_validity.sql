-- Purpose: settle valid_to and is_current of every version of the members of this pass, late versions included.
-- Grain:   one row a version. Key: the member and valid_from. Source: contracts/silver/{{customers,stores,products}}.
UPDATE {table} AS t SET valid_to = v.next_from, is_current = v.next_from IS NULL, loaded_at = {load_time}
FROM (
    SELECT {member}, valid_from, lead(valid_from) OVER (PARTITION BY {member} ORDER BY valid_from) AS next_from
    FROM {table}
    WHERE {member} IN (SELECT member_id FROM reference_batch WHERE entity = {entity})
) AS v
WHERE t.{member} = v.{member} AND t.valid_from = v.valid_from
      AND (t.valid_to IS DISTINCT FROM v.next_from OR t.is_current <> (v.next_from IS NULL));
