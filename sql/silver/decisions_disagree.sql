-- Purpose: find one decision that came twice under the same revision with different content: an integrity error.
-- Grain:   at most one row. Source: the batch and the table it goes to.
WITH contents AS (
    SELECT
        b.customer_id, b.transaction_id, b.rule_set, b.revision,
        md5(ROW(b.alert_id, b.role, b.score, b.is_alert, b.calibrated, b.log_odds_ulo, b.lines, b.evidence,
                b.calibration_id, b.status)::text) AS content
    FROM {batch} AS b
    UNION
    SELECT
        t.customer_id, t.transaction_id, t.rule_set, t.revision,
        md5(ROW(t.alert_id, t.role, t.score, t.is_alert, t.calibrated, t.log_odds_ulo, t.lines, t.evidence,
                t.calibration_id, t.status)::text)
    FROM {target} AS t
    JOIN {batch} AS b USING (customer_id, transaction_id, rule_set, revision)
)
SELECT customer_id, transaction_id, rule_set, revision FROM contents
GROUP BY customer_id, transaction_id, rule_set, revision HAVING count(*) > 1
ORDER BY customer_id, transaction_id, rule_set, revision LIMIT 1;
