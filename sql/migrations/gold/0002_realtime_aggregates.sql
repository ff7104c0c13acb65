-- Purpose: what the realtime_aggregator upserts by itself; no transform touches these tables.
-- Grain:   one row a window, currency and channel. Key: (window_start, currency, channel). Source: contracts/gold.
-- A purchase without a channel is counted under 'unknown', since a key cannot be null.
CREATE SCHEMA gold;

CREATE TABLE gold.agg_realtime_1m (
    window_start      timestamptz NOT NULL,
    currency          text        NOT NULL,
    channel           text        NOT NULL,
    transactions      bigint      NOT NULL,
    amount_minor_sum  bigint      NOT NULL,
    amount_minor_max  bigint      NOT NULL,
    updated_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (window_start, currency, channel)
);
CREATE TABLE gold.agg_realtime_5m (LIKE gold.agg_realtime_1m INCLUDING ALL);
CREATE TABLE gold.agg_realtime_1h (LIKE gold.agg_realtime_1m INCLUDING ALL);

-- An upsert of the sink names its columns, so updated_at follows by trigger.
CREATE FUNCTION gold.touch() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON gold.agg_realtime_1m FOR EACH ROW EXECUTE FUNCTION gold.touch();
CREATE TRIGGER touch BEFORE UPDATE ON gold.agg_realtime_5m FOR EACH ROW EXECUTE FUNCTION gold.touch();
CREATE TRIGGER touch BEFORE UPDATE ON gold.agg_realtime_1h FOR EACH ROW EXECUTE FUNCTION gold.touch();

GRANT USAGE ON SCHEMA gold TO {ingest}, {transform}, {reader};
GRANT SELECT, INSERT, UPDATE ON gold.agg_realtime_1m, gold.agg_realtime_5m, gold.agg_realtime_1h TO {ingest};
GRANT SELECT ON gold.agg_realtime_1m, gold.agg_realtime_5m, gold.agg_realtime_1h TO {transform}, {reader};
