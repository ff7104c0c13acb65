-- Purpose: count the rows that a quality run looks at, beside those of the whole table.
-- Grain:   one row. Source: any dataset of bronze, silver or gold.
SELECT count(*) FILTER (WHERE {condition}), count(*) FROM {table}
