-- Purpose: what every layer records about its own loads, and who may reach this database.
-- Grain:   ops.load_audit one row a run and table; ops.marks one row a transform, source and log partition.
GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {transform};
GRANT CONNECT ON DATABASE {database} TO {reader};

CREATE TABLE ops.load_audit (
    audit_id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id              text        NOT NULL,
    transform           text        NOT NULL,
    target_table        text        NOT NULL,
    status              text        NOT NULL CHECK (status IN ('succeeded', 'failed')),
    rows_in             bigint      NOT NULL DEFAULT 0,
    rows_out            bigint      NOT NULL DEFAULT 0,
    rows_rejected       bigint      NOT NULL DEFAULT 0,
    marks               jsonb       NOT NULL DEFAULT '[]',
    contract_versions   jsonb       NOT NULL DEFAULT '[]',
    detail              text,
    started_at          timestamptz NOT NULL,
    finished_at         timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX load_audit_finished_at ON ops.load_audit (finished_at);

-- next_offset is exclusive: everything below it has been handled.
CREATE TABLE ops.marks (
    transform        text        NOT NULL,
    source_table     text        NOT NULL,
    log_id           text        NOT NULL,
    kafka_partition  integer     NOT NULL,
    next_offset      bigint      NOT NULL CHECK (next_offset >= 0),
    run_id           text        NOT NULL,
    updated_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (transform, source_table, log_id, kafka_partition)
);

GRANT USAGE ON SCHEMA ops TO {transform}, {reader};
GRANT SELECT ON ops.schema_migrations TO {transform}, {reader};
GRANT SELECT, INSERT, UPDATE ON ops.load_audit, ops.marks TO {transform};
GRANT SELECT ON ops.load_audit, ops.marks TO {reader};
