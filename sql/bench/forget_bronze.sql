-- Purpose: empty what the processor fills with purchases, so that the next run inserts again.
-- Key:     none; safe to run again. For a platform of the benchmark's own.
TRUNCATE bronze.raw_transactions, bronze.dead_letters;
