-- Purpose: how many purchases stand in the slowest of the three aggregates; 0 while one of them is empty.
-- Grain:   one row. Source: contracts/gold/agg_realtime_*.
SELECT least(
    (SELECT coalesce(sum(transactions), 0) FROM gold.agg_realtime_1m),
    (SELECT coalesce(sum(transactions), 0) FROM gold.agg_realtime_5m),
    (SELECT coalesce(sum(transactions), 0) FROM gold.agg_realtime_1h)
);
