-- Purpose: how many purchase records one log has, so that memory can be planned.
-- Grain:   one row. Source: contracts/bronze/raw_transactions.
SELECT count(*) FROM bronze.raw_transactions WHERE log_id = {log_id}
