-- Purpose: what bronze_to_silver must remember between runs, because records of several topics arrive in any order.
-- Grain:   ops.load_clock one row; ops.late_positions one row a late purchase; ops.base_scores one row a period of a
--          live rule set.

-- The time of the newest load. Loads run one after another, and each takes a time above this one, so "changed since" is
-- exact for the next layer even if the server's clock goes back.
CREATE TABLE ops.load_clock (
    only_row     boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    loaded_at    timestamptz NOT NULL
);
INSERT INTO ops.load_clock (loaded_at) VALUES ('2000-01-01 00:00:00+00');

-- Where the purchases lie that the stream found behind their customer's watermark.
CREATE TABLE ops.late_positions (
    log_id           text        NOT NULL,
    kafka_partition  integer     NOT NULL,
    kafka_offset     bigint      NOT NULL,
    watermark        timestamptz NOT NULL,
    PRIMARY KEY (log_id, kafka_partition, kafka_offset)
);

-- The score of a purchase about which no rule had anything to say, by the event time it falls in.
CREATE TABLE ops.base_scores (
    effective_from   timestamptz  PRIMARY KEY,
    effective_to     timestamptz  NOT NULL,
    rule_set         text         NOT NULL,
    score            numeric(7,6) NOT NULL
);

GRANT SELECT, UPDATE ON ops.load_clock TO {transform};
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ops.late_positions, ops.base_scores TO {transform};
GRANT DELETE, TRUNCATE ON ops.marks TO {transform};
GRANT SELECT ON ops.load_clock, ops.late_positions, ops.base_scores TO {reader};
