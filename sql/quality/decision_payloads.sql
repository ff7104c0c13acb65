-- Purpose: what the stream says at the end: each decision, or alert, at its highest revision.
-- Grain:   one row a decision. Key: (customer_id, transaction_id, rule_set). Source: standing_decisions.sql.
SELECT customer_id, transaction_id, rule_set, status, content
FROM ({decisions}) AS d
ORDER BY customer_id, transaction_id, rule_set
