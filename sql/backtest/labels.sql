-- Purpose: what is known of purchases by chargebacks and verdicts, and since when the label that holds has been said.
-- Grain:   one row a purchase that somebody said something about. Key: (customer_id, transaction_id).
-- Source:  contracts/silver/labels.
SELECT
    customer_id,
    transaction_id,
    label = 'fraud',
    CASE WHEN label = first_label THEN first_known_at ELSE known_at END
FROM silver.labels
