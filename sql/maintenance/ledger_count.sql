-- Purpose: whether retention has ever taken anything out of bronze.
-- Grain:   one row.
SELECT count(*) FROM ops.retention_ledger;
