-- Purpose: the fraud-rules records that late purchases have been judged by.
-- Grain:   one row a record. Key: record.
SELECT record FROM ops.late_rules;
