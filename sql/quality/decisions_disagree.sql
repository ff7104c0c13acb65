-- Purpose: decisions, or alerts, that came twice under one revision with different content.
-- Grain:   one row: how many, and the first. Source: contracts/bronze/raw_fraud_decisions or raw_fraud_alerts.
SELECT count(*), min(key)
FROM (
    SELECT concat_ws('/', raw_payload ->> 'customer_id', raw_payload ->> 'transaction_id',
                     raw_payload ->> 'rule_set', raw_payload ->> 'revision') AS key
    FROM bronze.{table}
    GROUP BY 1
    HAVING count(DISTINCT raw_payload) > 1
) AS k
