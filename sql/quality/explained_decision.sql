-- Purpose: the decisions that a reader may mean by an alert's id or by a purchase, each at its highest revision.
-- Grain:   one row a decision. Key: alert_id. Source: contracts/bronze/raw_fraud_decisions.
SELECT DISTINCT ON (alert_id) content
FROM (
    SELECT
        raw_payload ->> 'alert_id' AS alert_id,
        (raw_payload ->> 'revision')::integer AS revision,
        raw_payload AS content
    FROM bronze.raw_fraud_decisions
    WHERE raw_payload ->> {field} = {wanted} AND ({other} IS NULL OR raw_payload ->> 'transaction_id' = {other})
) AS d
ORDER BY alert_id, revision DESC
