-- Purpose: point purchases of earlier runs to the version of a member that is in force at their time, now that the
--          member's history has changed, and touch their hours.
-- Grain:   one row a purchase. Key: (customer_id, transaction_id). Source: contracts/gold/fact_transactions.
WITH moved AS (
    UPDATE gold.fact_transactions AS t SET {surrogate} = s.surrogate, processing_timestamp = {load_time}
    FROM {dimension} AS mine
    JOIN {spans} AS s ON s.member = mine.{member}
    WHERE t.{surrogate} = mine.{surrogate} AND mine.{member} IN (SELECT {member} FROM {batch})
          AND t.event_timestamp >= s.span_from AND t.event_timestamp < s.span_to AND s.surrogate <> t.{surrogate}
    RETURNING t.event_timestamp
)
INSERT INTO touched_times SELECT event_timestamp FROM moved;
