-- Purpose: drop what was said of late purchases that are judged again.
-- Grain:   one row a late purchase and rule set. Key: the same. Source: late_wanted.
DELETE FROM silver.late_decisions AS d USING late_wanted AS w
WHERE d.customer_id = w.customer_id AND d.transaction_id = w.transaction_id;
