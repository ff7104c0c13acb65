-- Purpose: name the purchases whose base score has changed, because the rule set in force at their time has.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/silver/clean_transactions.
INSERT INTO touched_purchases
SELECT c.customer_id, c.transaction_id
FROM silver.clean_transactions AS c
LEFT JOIN ops.base_scores AS b ON c.event_timestamp >= b.effective_from AND c.event_timestamp < b.effective_to
WHERE c.fraud_score IS DISTINCT FROM b.score;
