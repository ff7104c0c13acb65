-- Purpose: add versions of products; a later record of the same member and time corrects the earlier one.
-- Grain:   one row a version of a product. Key: (product_id, valid_from). Source: contracts/silver/products.
-- valid_to and is_current are settled by history_validity.sql, which sees all versions of a member.
INSERT INTO silver.products AS t (
    product_id, name, category, product_class, list_price_minor, valid_from,
    is_current, attributes_sha256, log_id, kafka_partition, kafka_offset, loaded_at)
SELECT DISTINCT ON (b.member_id, b.valid_from)
    b.member_id, a.name, a.category, a.product_class, a.list_price_minor, b.valid_from,
    true, encode(sha256(convert_to(b.attributes::text, 'UTF8')), 'hex'), b.log_id, b.kafka_partition, b.kafka_offset,
    {load_time}
FROM reference_batch AS b
CROSS JOIN LATERAL jsonb_to_record(b.attributes) AS a(
    name text, category text, product_class text, list_price_minor bigint)
WHERE b.entity = 'product'
ORDER BY b.member_id, b.valid_from, b.log_rank DESC, b.kafka_offset DESC
ON CONFLICT (product_id, valid_from) DO UPDATE SET
    (name, category, product_class, list_price_minor,
     attributes_sha256, log_id, kafka_partition, kafka_offset, loaded_at)
    = (excluded.name, excluded.category, excluded.product_class, excluded.list_price_minor,
       excluded.attributes_sha256, excluded.log_id, excluded.kafka_partition, excluded.kafka_offset,
       excluded.loaded_at);
