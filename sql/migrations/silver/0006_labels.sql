-- Purpose: verdicts of analysts beside chargebacks, and what is known of each purchase. Source: contracts/silver.
-- Grain:   silver.labels one row a purchase that somebody said something about.
ALTER TABLE silver.enriched_events
    ADD COLUMN verdict text,
    ADD COLUMN analyst text,
    ADD COLUMN note text;

ALTER TABLE silver.enriched_events
    DROP CONSTRAINT enriched_events_event_type_enum,
    ADD CONSTRAINT enriched_events_event_type_enum CHECK (event_type IN ('login', 'page_view', 'cart', 'chargeback', 'verdict')),
    ADD CONSTRAINT enriched_events_verdict_required_when CHECK (event_type IS DISTINCT FROM 'verdict' OR verdict IS NOT NULL),
    ADD CONSTRAINT enriched_events_verdict_enum CHECK (verdict IN ('fraud', 'legitimate')),
    ADD CONSTRAINT enriched_events_analyst_required_when CHECK (event_type IS DISTINCT FROM 'verdict' OR analyst IS NOT NULL),
    ADD CONSTRAINT enriched_events_analyst_length CHECK (char_length(analyst) BETWEEN 1 AND 64),
    ADD CONSTRAINT enriched_events_analyst_pattern CHECK (analyst ~ '^[A-Za-z0-9_.:-]+$'),
    ADD CONSTRAINT enriched_events_note_length CHECK (char_length(note) BETWEEN 1 AND 512);

-- Gold reads labels now, and a pass needs every statement about the purchases that it touches.
DROP INDEX silver.enriched_events_chargeback;
CREATE INDEX enriched_events_statements ON silver.enriched_events (customer_id, transaction_id)
    WHERE event_type IN ('chargeback', 'verdict');

CREATE TABLE silver.labels (
    transaction_id     text             NOT NULL,
    customer_id        text             NOT NULL,
    label              text             NOT NULL,
    source             text             NOT NULL,
    known_at           timestamptz      NOT NULL,
    analyst            text,
    first_label        text             NOT NULL,
    first_source       text             NOT NULL,
    first_known_at     timestamptz      NOT NULL,
    statements         jsonb            NOT NULL,
    event_id           text             NOT NULL,
    log_id             text             NOT NULL,
    kafka_partition    integer          NOT NULL,
    kafka_offset       bigint           NOT NULL,
    labelled_at        timestamptz      NOT NULL,
    PRIMARY KEY (customer_id, transaction_id)
);
CREATE INDEX labels_labelled_at ON silver.labels USING brin (labelled_at);

ALTER TABLE silver.labels
    ADD CONSTRAINT labels_transaction_id_length CHECK (char_length(transaction_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT labels_transaction_id_pattern CHECK (transaction_id ~ '^[A-Za-z0-9_.:-]+$'),
    ADD CONSTRAINT labels_customer_id_length CHECK (char_length(customer_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT labels_customer_id_pattern CHECK (customer_id ~ '^[A-Za-z0-9_.:-]+$'),
    ADD CONSTRAINT labels_label_enum CHECK (label IN ('fraud', 'legitimate')),
    ADD CONSTRAINT labels_source_enum CHECK (source IN ('chargeback', 'dispute', 'verdict')),
    ADD CONSTRAINT labels_known_at_format CHECK (known_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT labels_analyst_length CHECK (char_length(analyst) BETWEEN 1 AND 64),
    ADD CONSTRAINT labels_analyst_pattern CHECK (analyst ~ '^[A-Za-z0-9_.:-]+$'),
    ADD CONSTRAINT labels_first_label_enum CHECK (first_label IN ('fraud', 'legitimate')),
    ADD CONSTRAINT labels_first_source_enum CHECK (first_source IN ('chargeback', 'dispute', 'verdict')),
    ADD CONSTRAINT labels_first_known_at_format CHECK (first_known_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT labels_statements_type CHECK (jsonb_typeof(statements) = 'array'),
    ADD CONSTRAINT labels_statements_items CHECK (CASE WHEN jsonb_typeof(statements) = 'array' THEN jsonb_array_length(statements) >= 1 END),
    ADD CONSTRAINT labels_event_id_length CHECK (char_length(event_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT labels_event_id_pattern CHECK (event_id ~ '^[A-Za-z0-9_.:-]+$'),
    ADD CONSTRAINT labels_log_id_length CHECK (char_length(log_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT labels_kafka_partition_range CHECK (kafka_partition >= 0),
    ADD CONSTRAINT labels_kafka_offset_range CHECK (kafka_offset >= 0),
    ADD CONSTRAINT labels_labelled_at_format CHECK (labelled_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00');

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON silver.labels TO {transform};
GRANT SELECT ON silver.labels TO {reader};

-- What was loaded before this table was there, at the time of a load of its own.
UPDATE ops.load_clock SET loaded_at = greatest(clock_timestamp(), loaded_at + interval '1 microsecond');
INSERT INTO silver.labels (
    transaction_id, customer_id, label, source, known_at, first_label, first_source, first_known_at, statements,
    event_id, log_id, kafka_partition, kafka_offset, labelled_at)
SELECT DISTINCT ON (customer_id, transaction_id)
    transaction_id, customer_id, label, source, known_at, first_value(label) OVER purchase,
    first_value(source) OVER purchase, first_value(known_at) OVER purchase,
    jsonb_agg(jsonb_build_object('label', label, 'source', source, 'known_at',
        to_char(known_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))) OVER purchase,
    event_id, log_id, kafka_partition, kafka_offset, (SELECT loaded_at FROM ops.load_clock)
FROM (
    SELECT
        customer_id, transaction_id, event_timestamp AS known_at,
        CASE chargeback_reason WHEN 'fraud' THEN 'fraud' ELSE 'legitimate' END AS label,
        CASE chargeback_reason WHEN 'fraud' THEN 'chargeback' ELSE 'dispute' END AS source,
        event_id, log_id, kafka_partition, kafka_offset,
        row_number() OVER (
            PARTITION BY customer_id, transaction_id ORDER BY event_timestamp, log_id, kafka_offset) AS place
    FROM silver.enriched_events WHERE event_type = 'chargeback'
) AS said
WHERE place = 1 OR source <> 'dispute'
WINDOW purchase AS (PARTITION BY customer_id, transaction_id ORDER BY place)
ORDER BY customer_id, transaction_id, place DESC;
