-- Purpose: continuous upserts of the aggregates of {{ minutes }} min, by floor of event time; no watermark, so nothing is dropped.
-- Grain: a window, a currency and a channel. Key: (window_start, currency, channel).
INSERT INTO {{ table }}
SELECT
    CAST(TO_TIMESTAMP_LTZ(window_minute * 60000, 3) AS STRING) || 'Z',
    currency,
    channel,
    transactions,
    amount_minor_sum,
    amount_minor_max
FROM (
    SELECT
        window_minute,
        currency,
        channel,
        COUNT(*) AS transactions,
        SUM(amount_minor) AS amount_minor_sum,
        MAX(amount_minor) AS amount_minor_max
    FROM (
        SELECT event_minute - MOD(event_minute, {{ minutes }}) AS window_minute, currency, channel, amount_minor
        FROM purchases
    ) AS placed
    GROUP BY window_minute, currency, channel
) AS aggregated
