-- Purpose: labels as silver settles them, and how good alerts were by the labels of some days later.
-- Grain:   gold.agg_rule_quality one row a day of purchase, rule set, rule and delay of labels; ops.labels one row a
--          purchase with a label; ops.rule_periods one row a period of a live rule set. Source: contracts/gold.

-- Silver may have been imported with or without these, depending on how far it was migrated then.
DROP FOREIGN TABLE IF EXISTS silver_ext.labels, silver_ext.enriched_events;
IMPORT FOREIGN SCHEMA silver LIMIT TO (labels, enriched_events) FROM SERVER upstream INTO silver_ext;
CREATE FOREIGN TABLE silver_ext.base_scores (
    effective_from  timestamptz NOT NULL,
    effective_to    timestamptz NOT NULL,
    rule_set        text        NOT NULL,
    score           numeric(7,6) NOT NULL
) SERVER upstream OPTIONS (schema_name 'ops', table_name 'base_scores');
GRANT SELECT ON silver_ext.labels, silver_ext.enriched_events, silver_ext.base_scores TO {transform}, {reader};

-- A label may arrive before its purchase; its statements say what was known how many days after the purchase.
DROP TABLE ops.labels;
CREATE TABLE ops.labels (
    customer_id     text    NOT NULL,
    transaction_id  text    NOT NULL,
    fraud           boolean NOT NULL,
    statements      jsonb   NOT NULL,
    PRIMARY KEY (customer_id, transaction_id)
);
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ops.labels TO {transform};
GRANT SELECT ON ops.labels TO {reader};

-- Which rule set was live when, as the last run counted with it.
CREATE TABLE ops.rule_periods (
    effective_from  timestamptz PRIMARY KEY,
    effective_to    timestamptz NOT NULL,
    rule_set        text        NOT NULL
);
GRANT SELECT, INSERT, DELETE, TRUNCATE ON ops.rule_periods TO {transform};
GRANT SELECT ON ops.rule_periods TO {reader};

CREATE TABLE gold.agg_rule_quality (
    date_key         integer        NOT NULL,
    rule_set         text           NOT NULL,
    rule             text           NOT NULL,
    delay_days       integer        NOT NULL,
    purchases        bigint         NOT NULL,
    alerts           bigint         NOT NULL,
    alerts_labelled  bigint         NOT NULL,
    frauds_caught    bigint         NOT NULL,
    frauds_known     bigint         NOT NULL,
    amount_alerted   numeric(18,2)  NOT NULL,
    amount_caught    numeric(18,2)  NOT NULL,
    amount_known     numeric(18,2)  NOT NULL,
    PRIMARY KEY (date_key, rule_set, rule, delay_days)
);

ALTER TABLE gold.agg_rule_quality
    ADD CONSTRAINT agg_rule_quality_date_key_range CHECK (date_key BETWEEN 0 AND 99991231),
    ADD CONSTRAINT agg_rule_quality_rule_set_length CHECK (char_length(rule_set) <= 32),
    ADD CONSTRAINT agg_rule_quality_rule_set_pattern CHECK (rule_set ~ '^[0-9]+\.[0-9]+\.[0-9]+$'),
    ADD CONSTRAINT agg_rule_quality_rule_enum CHECK (rule IN ('high_value', 'velocity', 'geographic', 'time_anomaly', 'blacklist', 'any')),
    ADD CONSTRAINT agg_rule_quality_delay_days_range CHECK (delay_days BETWEEN 1 AND 365),
    ADD CONSTRAINT agg_rule_quality_purchases_range CHECK (purchases >= 0),
    ADD CONSTRAINT agg_rule_quality_alerts_range CHECK (alerts >= 0),
    ADD CONSTRAINT agg_rule_quality_alerts_labelled_range CHECK (alerts_labelled >= 0),
    ADD CONSTRAINT agg_rule_quality_frauds_caught_range CHECK (frauds_caught >= 0),
    ADD CONSTRAINT agg_rule_quality_frauds_known_range CHECK (frauds_known >= 0),
    ADD CONSTRAINT agg_rule_quality_amount_alerted_range CHECK (amount_alerted >= 0 AND amount_alerted <> 'NaN'),
    ADD CONSTRAINT agg_rule_quality_amount_caught_range CHECK (amount_caught >= 0 AND amount_caught <> 'NaN'),
    ADD CONSTRAINT agg_rule_quality_amount_known_range CHECK (amount_known >= 0 AND amount_known <> 'NaN');

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON gold.agg_rule_quality TO {transform};
GRANT SELECT ON gold.agg_rule_quality TO {reader};

-- The next run reads all of silver again: it changes no fact, and counts what this table is to hold of earlier days.
DELETE FROM ops.marks;
