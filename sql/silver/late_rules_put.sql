-- Purpose: note that late purchases are judged by a fraud-rules record.
-- Grain:   one row a record. Key: record. Source: contracts/bronze/raw_fraud_rules.
INSERT INTO ops.late_rules (record, first_read_at) SELECT unnest({records}::text[]), {load_time}
ON CONFLICT DO NOTHING;
