-- Purpose: read the labels that silver wrote after one load and up to another.
-- Grain:   one row a purchase with a label. Key: (customer_id, transaction_id). Source: contracts/silver/labels.
INSERT INTO label_batch
SELECT customer_id, transaction_id, label = 'fraud', statements
FROM silver_ext.labels
WHERE labelled_at > {after} AND labelled_at <= {up_to};
