-- Purpose: what a realtime aggregate must hold, counted from bronze.
-- Grain:   one row a window, currency and channel. Key: the same three. Source: purchases.sql.
SELECT
    concat_ws('/', window_start, currency, channel) AS key,
    ROW(transactions, amount_minor_sum, amount_minor_max)::text AS line
FROM (
    SELECT
        to_timestamp(floor(extract(epoch FROM p.event_timestamp) / {window_s}) * {window_s}) AS window_start,
        p.currency,
        coalesce(p.channel, 'unknown') AS channel,
        count(*) AS transactions,
        sum(p.amount_minor)::bigint AS amount_minor_sum,
        max(p.amount_minor) AS amount_minor_max
    FROM ({purchases}) AS p
    GROUP BY 1, 2, 3
) AS a
