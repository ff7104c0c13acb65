-- Purpose: a type 2 history, of silver or of gold, in the form of recount_members.sql.
-- Grain:   one row a version. Key: the member and valid_from. Source: contracts/silver, contracts/gold.
SELECT
    concat_ws('/', t.{member}, t.valid_from) AS key,
    ROW(
        (SELECT jsonb_object_agg(a.key, CASE jsonb_typeof(a.value)
             WHEN 'number' THEN to_jsonb(trim_scale((a.value #>> '{{}}')::numeric)) ELSE a.value END)
         FROM jsonb_each(to_jsonb(t)) AS a WHERE a.key = ANY({columns}) AND a.value <> 'null'::jsonb),
        t.valid_to
    )::text AS line
FROM {table} AS t
WHERE t.{member} IS NOT NULL AND {known}
