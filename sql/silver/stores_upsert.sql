-- Purpose: add versions of stores; a later record of the same member and time corrects the earlier one.
-- Grain:   one row a version of a store. Key: (store_id, valid_from). Source: contracts/silver/stores.
-- valid_to and is_current are settled by history_validity.sql, which sees all versions of a member.
INSERT INTO silver.stores AS t (
    store_id, name, city, country, latitude, longitude, opened_on, format, valid_from,
    is_current, attributes_sha256, log_id, kafka_partition, kafka_offset, loaded_at)
SELECT DISTINCT ON (b.member_id, b.valid_from)
    b.member_id, a.name, a.city, a.country, a.latitude, a.longitude, a.opened_on, a.format, b.valid_from,
    true, encode(sha256(convert_to(b.attributes::text, 'UTF8')), 'hex'), b.log_id, b.kafka_partition, b.kafka_offset,
    {load_time}
FROM reference_batch AS b
CROSS JOIN LATERAL jsonb_to_record(b.attributes) AS a(
    name text, city text, country text, latitude double precision, longitude double precision, opened_on date,
    format text)
WHERE b.entity = 'store'
ORDER BY b.member_id, b.valid_from, b.log_rank DESC, b.kafka_offset DESC
ON CONFLICT (store_id, valid_from) DO UPDATE SET
    (name, city, country, latitude, longitude, opened_on, format,
     attributes_sha256, log_id, kafka_partition, kafka_offset, loaded_at)
    = (excluded.name, excluded.city, excluded.country, excluded.latitude, excluded.longitude,
       excluded.opened_on, excluded.format,
       excluded.attributes_sha256, excluded.log_id, excluded.kafka_partition, excluded.kafka_offset,
       excluded.loaded_at);
