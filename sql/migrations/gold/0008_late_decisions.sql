-- Purpose: alerts about late purchases, which the batch gives, count in the aggregates as those of the stream do.
-- Grain:   silver_ext.late_decisions one row a late purchase and rule set. Source: contracts/silver/late_decisions.

-- Silver may have been imported with or without it, depending on how far it was migrated then.
DROP FOREIGN TABLE IF EXISTS silver_ext.late_decisions;
IMPORT FOREIGN SCHEMA silver LIMIT TO (late_decisions) FROM SERVER upstream INTO silver_ext;
GRANT SELECT ON silver_ext.late_decisions TO {transform}, {reader};
