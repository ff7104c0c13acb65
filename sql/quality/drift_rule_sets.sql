-- Purpose: the rule sets that judged a span of event time.
-- Grain:   one row a rule set. Key: rule_set. Source: ops.base_scores.
SELECT DISTINCT rule_set FROM ops.base_scores
WHERE effective_from < {to_time} AND effective_to > {from_time}
ORDER BY rule_set;
