-- Purpose: the newest time at which a row of a table was loaded, but no later than a margin before the present.
-- Grain:   one row. Source: any dataset with a load time.
SELECT least(max({column}), now() - {margin}::interval) FROM {table}
