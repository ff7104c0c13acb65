-- Purpose: what silver.labels must hold, counted from bronze.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: labels.sql.
SELECT
    concat_ws('/', customer_id, transaction_id) AS key,
    concat_ws(' ', latest, known_at::text, labels::text, sources::text) AS line
FROM ({labels}) AS l
