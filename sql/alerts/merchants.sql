-- Purpose: purchases a merchant within a span, and how many of them are known to be fraud by its end.
-- Grain:   one row a merchant. Key: merchant_id. Source: contracts/silver, clean_transactions, labels.
SELECT
    c.merchant_id,
    count(*) AS purchases,
    count(*) FILTER (WHERE l.label = 'fraud' AND l.known_at <= {now}) AS frauds
FROM silver.clean_transactions AS c
LEFT JOIN silver.labels AS l USING (customer_id, transaction_id)
WHERE c.merchant_id IS NOT NULL AND c.event_timestamp >= {since} AND c.event_timestamp < {now}
GROUP BY c.merchant_id
ORDER BY c.merchant_id;
