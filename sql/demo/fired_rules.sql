-- Grain: one row a live alert with the rules whose lines carry weight. Source contract: silver/fraud_decisions.
SELECT
    customer_id,
    transaction_id,
    ARRAY(
        SELECT line ->> 'rule'
        FROM jsonb_array_elements(lines) AS line
        WHERE (line ->> 'weight_ulo')::bigint > 0
    ) AS rules
FROM silver.fraud_decisions
WHERE role = 'live' AND status <> 'withdrawn' AND is_alert;
