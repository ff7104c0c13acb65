-- Purpose: facts that point to another version of a member than the one in force at the purchase, where one was.
-- Grain:   one row: how many, and the first. Source: contracts/gold/fact_transactions and one type 2 dimension.
SELECT count(*), min(concat_ws('/', f.customer_id, f.transaction_id))
FROM gold.fact_transactions AS f
JOIN {dimension} AS mine USING ({surrogate})
JOIN {dimension} AS inforce
    ON inforce.{member} = mine.{member}
       AND inforce.valid_from <= f.event_timestamp
       AND (inforce.valid_to IS NULL OR f.event_timestamp < inforce.valid_to)
WHERE inforce.{surrogate} <> mine.{surrogate}
