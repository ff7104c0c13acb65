-- Purpose: add versions of customers; a later record of the same member and time corrects the earlier one.
-- Grain:   one row a version of a customer. Key: (customer_id, valid_from). Source: contracts/silver/customers.
-- valid_to and is_current are settled by history_validity.sql, which sees all versions of a member.
INSERT INTO silver.customers AS t (
    customer_id, segment, country, city, home_latitude, home_longitude, utc_offset_min, signup_date, valid_from,
    is_current, attributes_sha256, log_id, kafka_partition, kafka_offset, loaded_at)
SELECT DISTINCT ON (b.member_id, b.valid_from)
    b.member_id, a.segment, a.country, a.city, a.home_latitude, a.home_longitude, a.utc_offset_min, a.signup_date, b.valid_from,
    true, encode(sha256(convert_to(b.attributes::text, 'UTF8')), 'hex'), b.log_id, b.kafka_partition, b.kafka_offset,
    {load_time}
FROM reference_batch AS b
CROSS JOIN LATERAL jsonb_to_record(b.attributes) AS a(
    segment text, country text, city text, home_latitude double precision, home_longitude double precision,
    utc_offset_min integer, signup_date date)
WHERE b.entity = 'customer'
ORDER BY b.member_id, b.valid_from, b.log_rank DESC, b.kafka_offset DESC
ON CONFLICT (customer_id, valid_from) DO UPDATE SET
    (segment, country, city, home_latitude, home_longitude, utc_offset_min, signup_date,
     attributes_sha256, log_id, kafka_partition, kafka_offset, loaded_at)
    = (excluded.segment, excluded.country, excluded.city, excluded.home_latitude, excluded.home_longitude,
       excluded.utc_offset_min, excluded.signup_date,
       excluded.attributes_sha256, excluded.log_id, excluded.kafka_partition, excluded.kafka_offset,
       excluded.loaded_at);
