-- Purpose: what the batch said of late purchases, in the form of a decision's record.
-- Grain:   one row a decision. Key: (customer_id, transaction_id, rule_set). Source: contracts/silver/late_decisions.
SELECT to_jsonb(d) FROM silver.late_decisions AS d
