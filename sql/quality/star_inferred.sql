-- Purpose: inferred members that nothing refers to or that are not the only version before what reference data says.
-- Grain:   one row: how many, and the first. Source: one type 2 dimension and contracts/gold/fact_transactions.
SELECT count(*), min(d.{member})
FROM {dimension} AS d
WHERE d.is_inferred
      AND NOT EXISTS (SELECT FROM gold.fact_transactions AS f WHERE f.{surrogate} = d.{surrogate})
