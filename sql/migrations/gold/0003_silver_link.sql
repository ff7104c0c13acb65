-- Purpose: silver as foreign tables, read only. The server and its user mappings are set by sql/links before this.
-- Grain:   as in silver.
CREATE SCHEMA silver_ext;
IMPORT FOREIGN SCHEMA silver FROM SERVER upstream INTO silver_ext;
GRANT USAGE ON SCHEMA silver_ext TO {transform}, {reader};
GRANT SELECT ON ALL TABLES IN SCHEMA silver_ext TO {transform}, {reader};
