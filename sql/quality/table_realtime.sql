-- Purpose: a realtime aggregate in the form of recount_realtime.sql.
-- Grain:   one row a window, currency and channel. Key: the same three. Source: contracts/gold/agg_realtime_1m.
SELECT
    concat_ws('/', window_start, currency, channel) AS key,
    ROW(transactions, amount_minor_sum, amount_minor_max)::text AS line
FROM gold.{table}
