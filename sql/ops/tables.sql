-- Purpose: the tables of a schema; partitions belong to their table.
-- Grain:   one row a table. Key: its name.
SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = {schema} AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname;
