-- Purpose: the newest time at which a row of a table was loaded.
-- Grain:   one row. Source: any dataset with a load time.
SELECT max({column}) FROM {table}
