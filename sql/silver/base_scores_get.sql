-- Purpose: the periods of live rule sets that silver knows.
-- Grain:   one row a period. Key: effective_from.
SELECT effective_from, rule_set, score FROM ops.base_scores ORDER BY effective_from;
