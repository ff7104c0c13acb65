-- Purpose: the type 2 history that silver must hold of one kind of member, counted from bronze.
-- Grain:   one row a version. Key: (member_id, valid_from). Source: contracts/bronze/raw_reference.
-- Numbers lose their trailing zeros on both sides; attributes that no column holds are left out.
SELECT
    concat_ws('/', member_id, valid_from) AS key,
    ROW(
        (SELECT jsonb_object_agg(a.key, CASE jsonb_typeof(a.value)
             WHEN 'number' THEN to_jsonb(trim_scale((a.value #>> '{{}}')::numeric)) ELSE a.value END)
         FROM jsonb_each(attributes) AS a WHERE a.key = ANY({columns}) AND a.value <> 'null'::jsonb),
        lead(valid_from) OVER (PARTITION BY member_id ORDER BY valid_from)
    )::text AS line
FROM (
    SELECT DISTINCT ON (p.member_id, p.valid_from) p.member_id, p.valid_from, p.attributes
    FROM (
        SELECT *, min(kafka_timestamp) OVER (PARTITION BY log_id) AS log_began FROM bronze.raw_reference
    ) AS r
    CROSS JOIN LATERAL jsonb_to_record(r.raw_payload) AS p(
        entity text, member_id text, valid_from timestamptz, attributes jsonb)
    WHERE p.entity = {entity}
    ORDER BY p.member_id, p.valid_from, r.log_began DESC, r.log_id DESC, r.kafka_offset DESC
) AS v
