-- Purpose: bronze as foreign tables, read only. The server and its user mappings are set by sql/links before this.
-- Grain:   as in bronze; partitions are not imported, their parents are.
CREATE SCHEMA bronze_ext;
IMPORT FOREIGN SCHEMA bronze FROM SERVER upstream INTO bronze_ext;
GRANT USAGE ON SCHEMA bronze_ext TO {transform}, {reader};
GRANT SELECT ON ALL TABLES IN SCHEMA bronze_ext TO {transform}, {reader};
