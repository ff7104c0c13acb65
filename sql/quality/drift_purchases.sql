-- Purpose: the purchases of a span of event time, as the statistics of drift see them.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/silver.
-- What was bought is the product's class where reference data name it, as it is for generated purchases.
-- A rule fired where its line adds weight; a purchase without decision has no line.
SELECT
    c.customer_id,
    (extract(epoch FROM c.event_timestamp) * 1000000)::bigint AS event_us,
    (c.amount * 100)::bigint AS amount_minor,
    coalesce(c.utc_offset_min, 0) AS offset_min,
    coalesce(p.product_class, c.product_id) AS product,
    c.is_alert,
    array(
        SELECT line ->> 'rule' FROM jsonb_array_elements(d.lines) AS line WHERE (line ->> 'weight_ulo')::bigint > 0
    ) AS fired,
    c.utc_offset_min IS NULL AS no_utc_offset_min,
    c.store_id IS NULL AS no_store_id,
    c.product_id IS NULL AS no_product_id,
    c.merchant_id IS NULL AS no_merchant_id,
    c.card_id IS NULL AS no_card_id,
    c.device_id IS NULL AS no_device_id,
    c.channel IS NULL AS no_channel,
    c.latitude IS NULL OR c.longitude IS NULL AS no_latitude
FROM silver.clean_transactions AS c
LEFT JOIN silver.products AS p ON p.product_id = c.product_id AND p.is_current
LEFT JOIN LATERAL (
    SELECT f.lines FROM silver.fraud_decisions AS f
    WHERE f.customer_id = c.customer_id AND f.transaction_id = c.transaction_id AND f.role = 'live'
    ORDER BY f.rule_set DESC LIMIT 1
) AS d ON true
WHERE c.is_valid AND c.event_timestamp >= {from_time} AND c.event_timestamp < {to_time}
ORDER BY c.customer_id, c.transaction_id;
