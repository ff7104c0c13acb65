-- Purpose: empty what the aggregator fills.
-- Key:     none; safe to run again. For a platform of the benchmark's own.
TRUNCATE gold.agg_realtime_1m, gold.agg_realtime_5m, gold.agg_realtime_1h;
