-- Purpose: count the versions of one entity in the batch.
-- Grain:   one row. Source: the batch.
SELECT count(*) FROM reference_batch WHERE entity = {entity};
