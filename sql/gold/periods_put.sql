-- Purpose: take over the periods of live rule sets that silver knows now.
-- Grain:   one row a period. Key: effective_from. Source: ops.base_scores of silver.
DELETE FROM ops.rule_periods;
INSERT INTO ops.rule_periods SELECT effective_from, effective_to, rule_set FROM silver_ext.base_scores;
