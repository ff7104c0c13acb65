-- Purpose: continuous upserts of the aggregates of {{ minutes }} min, by floor of event time; no watermark, so nothing is dropped.
-- Grain: a window, a currency and a channel. Key: (window_start, currency, channel).
-- The window's start becomes text before it is grouped by: a cast afterwards would hide from the planner that the groups'
-- key is the table's, and each update would arrive as a DELETE and an INSERT.
INSERT INTO {{ table }}
SELECT
    window_start,
    currency,
    channel,
    COUNT(*) AS transactions,
    SUM(amount_minor) AS amount_minor_sum,
    MAX(amount_minor) AS amount_minor_max
FROM (
    SELECT
        CAST(TO_TIMESTAMP_LTZ((event_minute - MOD(event_minute, {{ minutes }})) * 60000, 3) AS STRING) || 'Z' AS window_start,
        currency,
        channel,
        amount_minor
    FROM purchases
) AS placed
GROUP BY window_start, currency, channel
