-- Purpose: one period of a live rule set with the score of a purchase that no rule has anything to say about.
-- Grain:   one row. Key: effective_from. Source: contracts/bronze/raw_fraud_rules, read by streamflow.rules.book.
INSERT INTO ops.base_scores (effective_from, effective_to, rule_set, score)
VALUES ({effective_from}, {effective_to}::timestamptz, {rule_set}, {score});
