-- Purpose: what conservation is proven against: where ingestion began, and what retention took away.
-- Grain:   ops.ingest_start one row a log partition; ops.retention_ledger one row a detached range of a log partition;
--          ops.offset_partitions one row a table partition ever made.
CREATE TABLE ops.ingest_start (
    log_id           text        NOT NULL,
    kafka_partition  integer     NOT NULL,
    kafka_topic      text        NOT NULL,
    first_offset     bigint      NOT NULL CHECK (first_offset >= 0),
    recorded_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (log_id, kafka_partition)
);

-- Offsets from from_offset up to, but without, to_offset left bronze with a detached partition.
CREATE TABLE ops.retention_ledger (
    table_name       text        NOT NULL,
    log_id           text        NOT NULL,
    kafka_partition  integer     NOT NULL,
    from_offset      bigint      NOT NULL,
    to_offset        bigint      NOT NULL,
    rows_removed     bigint      NOT NULL,
    newest_timestamp timestamptz NOT NULL,
    removed_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (table_name, log_id, kafka_partition, from_offset),
    CHECK (from_offset < to_offset)
);

CREATE TABLE ops.offset_partitions (
    table_name       text        NOT NULL,
    partition_name   text        NOT NULL,
    from_offset      bigint      NOT NULL,
    to_offset        bigint      NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    detached_at      timestamptz,
    PRIMARY KEY (table_name, from_offset),
    CHECK (from_offset < to_offset)
);

GRANT SELECT, INSERT ON ops.ingest_start TO {ingest};
GRANT SELECT ON ops.ingest_start, ops.retention_ledger, ops.offset_partitions TO {transform}, {reader}, {ingest};
