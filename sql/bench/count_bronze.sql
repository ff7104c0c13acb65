-- Purpose: how many purchases have arrived in bronze.
-- Grain:   one row. Source: contracts/bronze/raw_transactions.
SELECT count(*) FROM bronze.raw_transactions;
