-- Purpose: decisions about purchases that the stream found late, made by the batch. Source: contracts/silver.
-- Grain:   silver.late_decisions one row a late purchase and rule set; ops.late_rules one row a fraud-rules record that
--          late purchases were judged by.
CREATE TABLE silver.late_decisions (
    alert_id           uuid             NOT NULL,
    transaction_id     text             NOT NULL,
    customer_id        text             NOT NULL,
    rule_set           text             NOT NULL,
    role               text             NOT NULL,
    score              numeric(7,6)     NOT NULL,
    is_alert           boolean          NOT NULL,
    calibrated         boolean          NOT NULL,
    log_odds_ulo       bigint           NOT NULL,
    lines              jsonb            NOT NULL,
    evidence           jsonb            NOT NULL,
    calibration_id     text,
    event_timestamp    timestamptz      NOT NULL,
    scored_at          timestamptz      NOT NULL,
    log_id             text             NOT NULL,
    kafka_partition    integer          NOT NULL,
    kafka_offset       bigint           NOT NULL,
    PRIMARY KEY (customer_id, transaction_id, rule_set)
);
CREATE INDEX late_decisions_event_timestamp ON silver.late_decisions USING brin (event_timestamp);

ALTER TABLE silver.late_decisions
    ADD CONSTRAINT late_decisions_transaction_id_length CHECK (char_length(transaction_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT late_decisions_transaction_id_pattern CHECK (transaction_id ~ '^[A-Za-z0-9_.:-]+$'),
    ADD CONSTRAINT late_decisions_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT late_decisions_customer_id_pattern CHECK (customer_id ~ '^[A-Za-z0-9_.:-]+$'),
    ADD CONSTRAINT late_decisions_rule_set_length CHECK (char_length(rule_set) <= 32),
    ADD CONSTRAINT late_decisions_rule_set_pattern CHECK (rule_set ~ '^[0-9]+\.[0-9]+\.[0-9]+$'),
    ADD CONSTRAINT late_decisions_role_enum CHECK (role IN ('live', 'shadow')),
    ADD CONSTRAINT late_decisions_score_range CHECK (score BETWEEN 0 AND 1),
    ADD CONSTRAINT late_decisions_lines_type CHECK (jsonb_typeof(lines) = 'array'),
    ADD CONSTRAINT late_decisions_lines_items CHECK (CASE WHEN jsonb_typeof(lines) = 'array' THEN jsonb_array_length(lines) BETWEEN 5 AND 5 END),
    ADD CONSTRAINT late_decisions_evidence_type CHECK (jsonb_typeof(evidence) = 'array'),
    ADD CONSTRAINT late_decisions_evidence_items CHECK (CASE WHEN jsonb_typeof(evidence) = 'array' THEN jsonb_array_length(evidence) <= 256 END),
    ADD CONSTRAINT late_decisions_calibration_id_length CHECK (char_length(calibration_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT late_decisions_calibration_id_pattern CHECK (calibration_id ~ '^[A-Za-z0-9_.:-]+$'),
    ADD CONSTRAINT late_decisions_event_timestamp_format CHECK (event_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT late_decisions_scored_at_format CHECK (scored_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT late_decisions_log_id_length CHECK (char_length(log_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT late_decisions_kafka_partition_range CHECK (kafka_partition >= 0),
    ADD CONSTRAINT late_decisions_kafka_offset_range CHECK (kafka_offset >= 0);

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON silver.late_decisions TO {transform};
GRANT SELECT ON silver.late_decisions TO {reader};

CREATE TABLE ops.late_rules (
    record           text        PRIMARY KEY,
    first_read_at    timestamptz NOT NULL
);
GRANT SELECT, INSERT, DELETE, TRUNCATE ON ops.late_rules TO {transform};
GRANT SELECT ON ops.late_rules TO {reader};

-- Late records name their purchase now, so the next load reads all of them again, and judges what they speak about.
TRUNCATE ops.late_positions;
ALTER TABLE ops.late_positions
    ADD COLUMN customer_id text NOT NULL,
    ADD COLUMN transaction_id text NOT NULL,
    ADD COLUMN scored_at timestamptz;
CREATE INDEX late_positions_waiting ON ops.late_positions (customer_id, transaction_id) WHERE scored_at IS NULL;
DELETE FROM ops.marks WHERE source_table = 'raw_late';
