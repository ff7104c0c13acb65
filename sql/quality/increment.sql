-- Purpose: the rows of a table that a quality run looks at.
-- Grain:   one row a row. Key: as the table's. Source: any dataset of bronze, silver or gold.
SELECT * FROM {table} WHERE {condition}
