-- Purpose: the cleaned tables. Source: contracts/silver.
-- Grain:   a purchase; an event; a version of a member; a decision of a rule set on a purchase; an alert.
CREATE SCHEMA silver;

CREATE TABLE silver.clean_transactions (
    transaction_id     text             NOT NULL,
    customer_id        text             NOT NULL,
    store_id           text,
    product_id         text,
    merchant_id        text,
    card_id            text,
    device_id          text,
    channel            text,
    quantity           integer,
    amount             numeric(14,2)    NOT NULL CHECK (amount > 0),
    currency           text             NOT NULL,
    event_timestamp    timestamptz      NOT NULL,
    utc_offset_min     integer,
    latitude           double precision,
    longitude          double precision,
    fraud_score        numeric(7,6)     CHECK (fraud_score BETWEEN 0 AND 1),
    is_alert           boolean,
    is_valid           boolean          NOT NULL,
    is_late            boolean          NOT NULL,
    duplicate_count    integer          NOT NULL CHECK (duplicate_count >= 0),
    has_conflict       boolean          NOT NULL,
    quality_checks     jsonb            NOT NULL,
    schema_version     text             NOT NULL,
    log_id             text             NOT NULL,
    kafka_partition    integer          NOT NULL,
    kafka_offset       bigint           NOT NULL,
    kafka_timestamp    timestamptz      NOT NULL,
    cleaned_at         timestamptz      NOT NULL,
    PRIMARY KEY (customer_id, transaction_id)
);
CREATE INDEX clean_transactions_cleaned_at ON silver.clean_transactions USING brin (cleaned_at);
CREATE INDEX clean_transactions_event_timestamp ON silver.clean_transactions USING brin (event_timestamp);

CREATE TABLE silver.enriched_events (
    event_id           text             NOT NULL,
    customer_id        text             NOT NULL,
    event_type         text             NOT NULL,
    event_timestamp    timestamptz      NOT NULL,
    session_id         text,
    device_id          text,
    page               text,
    product_id         text,
    quantity           integer,
    transaction_id     text,
    chargeback_reason  text,
    country            text,
    log_id             text             NOT NULL,
    kafka_partition    integer          NOT NULL,
    kafka_offset       bigint           NOT NULL,
    enriched_at        timestamptz      NOT NULL,
    PRIMARY KEY (customer_id, event_id)
);
CREATE INDEX enriched_events_enriched_at ON silver.enriched_events USING brin (enriched_at);
CREATE INDEX enriched_events_chargeback ON silver.enriched_events (enriched_at) WHERE event_type = 'chargeback';

CREATE TABLE silver.customers (
    customer_id        text             NOT NULL,
    segment            text             NOT NULL,
    country            text             NOT NULL,
    city               text,
    home_latitude      double precision,
    home_longitude     double precision,
    utc_offset_min     integer,
    signup_date        date,
    valid_from         timestamptz      NOT NULL,
    valid_to           timestamptz,
    is_current         boolean          NOT NULL,
    attributes_sha256  text             NOT NULL,
    log_id             text             NOT NULL,
    kafka_partition    integer          NOT NULL,
    kafka_offset       bigint           NOT NULL,
    loaded_at          timestamptz      NOT NULL,
    PRIMARY KEY (customer_id, valid_from),
    CHECK (valid_to > valid_from)
);

CREATE TABLE silver.stores (
    store_id           text             NOT NULL,
    name               text             NOT NULL,
    city               text             NOT NULL,
    country            text             NOT NULL,
    latitude           double precision,
    longitude          double precision,
    opened_on          date,
    format             text,
    valid_from         timestamptz      NOT NULL,
    valid_to           timestamptz,
    is_current         boolean          NOT NULL,
    attributes_sha256  text             NOT NULL,
    log_id             text             NOT NULL,
    kafka_partition    integer          NOT NULL,
    kafka_offset       bigint           NOT NULL,
    loaded_at          timestamptz      NOT NULL,
    PRIMARY KEY (store_id, valid_from),
    CHECK (valid_to > valid_from)
);

CREATE TABLE silver.products (
    product_id         text             NOT NULL,
    name               text             NOT NULL,
    category           text             NOT NULL,
    product_class      text             NOT NULL,
    list_price_minor   bigint,
    valid_from         timestamptz      NOT NULL,
    valid_to           timestamptz,
    is_current         boolean          NOT NULL,
    attributes_sha256  text             NOT NULL,
    log_id             text             NOT NULL,
    kafka_partition    integer          NOT NULL,
    kafka_offset       bigint           NOT NULL,
    loaded_at          timestamptz      NOT NULL,
    PRIMARY KEY (product_id, valid_from),
    CHECK (valid_to > valid_from)
);

CREATE TABLE silver.fraud_decisions (
    alert_id           uuid             NOT NULL,
    transaction_id     text             NOT NULL,
    customer_id        text             NOT NULL,
    rule_set           text             NOT NULL,
    role               text             NOT NULL,
    score              numeric(7,6)     NOT NULL CHECK (score BETWEEN 0 AND 1),
    is_alert           boolean          NOT NULL,
    calibrated         boolean          NOT NULL,
    log_odds_ulo       bigint           NOT NULL,
    lines              jsonb            NOT NULL,
    evidence           jsonb            NOT NULL,
    calibration_id     text,
    revision           integer          NOT NULL CHECK (revision >= 0),
    status             text             NOT NULL,
    event_timestamp    timestamptz      NOT NULL,
    decided_at         timestamptz      NOT NULL,
    log_id             text             NOT NULL,
    kafka_partition    integer          NOT NULL,
    kafka_offset       bigint           NOT NULL,
    PRIMARY KEY (customer_id, transaction_id, rule_set)
);
CREATE INDEX fraud_decisions_event_timestamp ON silver.fraud_decisions USING brin (event_timestamp);

CREATE TABLE silver.fraud_alerts (LIKE silver.fraud_decisions INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
ALTER TABLE silver.fraud_alerts ADD PRIMARY KEY (alert_id);

GRANT USAGE ON SCHEMA silver TO {transform}, {reader};
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA silver TO {transform};
GRANT SELECT ON ALL TABLES IN SCHEMA silver TO {reader};
