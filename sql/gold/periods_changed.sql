-- Purpose: tell whether silver knows other periods of live rule sets than the last run counted with.
-- Grain:   one row. Source: ops.base_scores of silver.
SELECT EXISTS (
    SELECT FROM (SELECT effective_from, effective_to, rule_set FROM silver_ext.base_scores) AS n
    FULL JOIN ops.rule_periods AS o USING (effective_from, effective_to, rule_set)
    WHERE n IS NULL OR o IS NULL
);
