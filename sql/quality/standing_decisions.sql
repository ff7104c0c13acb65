-- Purpose: a part of other statements: each decision, or alert, at its highest revision.
-- Grain:   one row a decision. Key: (customer_id, transaction_id, rule_set). Source: raw_fraud_decisions or _alerts.
SELECT DISTINCT ON (customer_id, transaction_id, rule_set) *
FROM (
    SELECT
        r.raw_payload ->> 'customer_id' AS customer_id,
        r.raw_payload ->> 'transaction_id' AS transaction_id,
        r.raw_payload ->> 'rule_set' AS rule_set,
        r.raw_payload ->> 'role' AS role,
        (r.raw_payload ->> 'revision')::integer AS revision,
        r.raw_payload ->> 'status' AS status,
        (r.raw_payload ->> 'score')::numeric(7, 6) AS score,
        (r.raw_payload ->> 'is_alert')::boolean AS is_alert,
        r.raw_payload AS content
    FROM bronze.{table} AS r
) AS d
ORDER BY customer_id, transaction_id, rule_set, revision DESC
