-- Purpose: every CHECK that the contracts of bronze state, under the name of its check; those without a name go.
-- Grain:   as the tables are. Source: contracts/bronze.
-- A record that the stream accepts passes all of these: its text, headers and times are made by the job, and its log,
-- topic and status are names of contracts. The vocabulary of reasons grows by a migration before the job that uses it.

ALTER TABLE bronze.dead_letters
    DROP CONSTRAINT dead_letters_source_partition_check,
    DROP CONSTRAINT dead_letters_source_offset_check,
    ADD CONSTRAINT dead_letters_log_id_length CHECK (char_length(log_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT dead_letters_source_partition_range CHECK (source_partition >= 0),
    ADD CONSTRAINT dead_letters_source_offset_range CHECK (source_offset >= 0),
    ADD CONSTRAINT dead_letters_source_timestamp_format CHECK (source_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT dead_letters_headers_type CHECK (jsonb_typeof(headers) = 'object'),
    ADD CONSTRAINT dead_letters_reason_enum CHECK (reason IN ('null_value', 'empty_value', 'too_large', 'not_utf8', 'not_json', 'not_object', 'too_deep', 'duplicate_key', 'number_out_of_range', 'bad_string', 'unknown_schema_version', 'missing_field', 'wrong_type', 'not_in_enum', 'out_of_range', 'bad_length', 'bad_pattern', 'bad_timestamp', 'event_time_out_of_range', 'unsupported_currency', 'key_mismatch', 'unknown_topic')),
    ADD CONSTRAINT dead_letters_detail_length CHECK (char_length(detail) >= 1),
    ADD CONSTRAINT dead_letters_ingested_at_format CHECK (ingested_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00');

ALTER TABLE bronze.raw_events
    DROP CONSTRAINT raw_transactions_kafka_partition_check,
    DROP CONSTRAINT raw_transactions_kafka_offset_check,
    DROP CONSTRAINT raw_transactions_processing_status_check,
    ADD CONSTRAINT raw_events_log_id_length CHECK (char_length(log_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT raw_events_kafka_topic_enum CHECK (kafka_topic IN ('events.raw')),
    ADD CONSTRAINT raw_events_kafka_partition_range CHECK (kafka_partition >= 0),
    ADD CONSTRAINT raw_events_kafka_offset_range CHECK (kafka_offset >= 0),
    ADD CONSTRAINT raw_events_kafka_timestamp_format CHECK (kafka_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_events_headers_type CHECK (jsonb_typeof(headers) = 'object'),
    ADD CONSTRAINT raw_events_event_timestamp_format CHECK (event_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_events_raw_payload_type CHECK (jsonb_typeof(raw_payload) = 'object'),
    ADD CONSTRAINT raw_events_ingested_at_format CHECK (ingested_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_events_processing_status_enum CHECK (processing_status IN ('accepted', 'accepted_unknown_fields')),
    ADD CONSTRAINT raw_events_schema_version_length CHECK (char_length(schema_version) <= 32),
    ADD CONSTRAINT raw_events_schema_version_pattern CHECK (schema_version ~ '^[0-9]+\.[0-9]+\.[0-9]+$');

ALTER TABLE bronze.raw_fraud_alerts
    DROP CONSTRAINT raw_transactions_kafka_partition_check,
    DROP CONSTRAINT raw_transactions_kafka_offset_check,
    DROP CONSTRAINT raw_transactions_processing_status_check,
    ADD CONSTRAINT raw_fraud_alerts_log_id_length CHECK (char_length(log_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT raw_fraud_alerts_kafka_topic_enum CHECK (kafka_topic IN ('fraud-alerts')),
    ADD CONSTRAINT raw_fraud_alerts_kafka_partition_range CHECK (kafka_partition >= 0),
    ADD CONSTRAINT raw_fraud_alerts_kafka_offset_range CHECK (kafka_offset >= 0),
    ADD CONSTRAINT raw_fraud_alerts_kafka_timestamp_format CHECK (kafka_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_fraud_alerts_headers_type CHECK (jsonb_typeof(headers) = 'object'),
    ADD CONSTRAINT raw_fraud_alerts_event_timestamp_format CHECK (event_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_fraud_alerts_raw_payload_type CHECK (jsonb_typeof(raw_payload) = 'object'),
    ADD CONSTRAINT raw_fraud_alerts_ingested_at_format CHECK (ingested_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_fraud_alerts_processing_status_enum CHECK (processing_status IN ('accepted', 'accepted_unknown_fields')),
    ADD CONSTRAINT raw_fraud_alerts_schema_version_length CHECK (char_length(schema_version) <= 32),
    ADD CONSTRAINT raw_fraud_alerts_schema_version_pattern CHECK (schema_version ~ '^[0-9]+\.[0-9]+\.[0-9]+$');

ALTER TABLE bronze.raw_fraud_decisions
    DROP CONSTRAINT raw_transactions_kafka_partition_check,
    DROP CONSTRAINT raw_transactions_kafka_offset_check,
    DROP CONSTRAINT raw_transactions_processing_status_check,
    ADD CONSTRAINT raw_fraud_decisions_log_id_length CHECK (char_length(log_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT raw_fraud_decisions_kafka_topic_enum CHECK (kafka_topic IN ('fraud-decisions')),
    ADD CONSTRAINT raw_fraud_decisions_kafka_partition_range CHECK (kafka_partition >= 0),
    ADD CONSTRAINT raw_fraud_decisions_kafka_offset_range CHECK (kafka_offset >= 0),
    ADD CONSTRAINT raw_fraud_decisions_kafka_timestamp_format CHECK (kafka_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_fraud_decisions_headers_type CHECK (jsonb_typeof(headers) = 'object'),
    ADD CONSTRAINT raw_fraud_decisions_event_timestamp_format CHECK (event_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_fraud_decisions_raw_payload_type CHECK (jsonb_typeof(raw_payload) = 'object'),
    ADD CONSTRAINT raw_fraud_decisions_ingested_at_format CHECK (ingested_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_fraud_decisions_processing_status_enum CHECK (processing_status IN ('accepted', 'accepted_unknown_fields')),
    ADD CONSTRAINT raw_fraud_decisions_schema_version_length CHECK (char_length(schema_version) <= 32),
    ADD CONSTRAINT raw_fraud_decisions_schema_version_pattern CHECK (schema_version ~ '^[0-9]+\.[0-9]+\.[0-9]+$');

ALTER TABLE bronze.raw_fraud_rules
    DROP CONSTRAINT raw_transactions_kafka_partition_check,
    DROP CONSTRAINT raw_transactions_kafka_offset_check,
    DROP CONSTRAINT raw_transactions_processing_status_check,
    ADD CONSTRAINT raw_fraud_rules_log_id_length CHECK (char_length(log_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT raw_fraud_rules_kafka_topic_enum CHECK (kafka_topic IN ('fraud-rules')),
    ADD CONSTRAINT raw_fraud_rules_kafka_partition_range CHECK (kafka_partition >= 0),
    ADD CONSTRAINT raw_fraud_rules_kafka_offset_range CHECK (kafka_offset >= 0),
    ADD CONSTRAINT raw_fraud_rules_kafka_timestamp_format CHECK (kafka_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_fraud_rules_headers_type CHECK (jsonb_typeof(headers) = 'object'),
    ADD CONSTRAINT raw_fraud_rules_event_timestamp_format CHECK (event_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_fraud_rules_raw_payload_type CHECK (jsonb_typeof(raw_payload) = 'object'),
    ADD CONSTRAINT raw_fraud_rules_ingested_at_format CHECK (ingested_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_fraud_rules_processing_status_enum CHECK (processing_status IN ('accepted', 'accepted_unknown_fields')),
    ADD CONSTRAINT raw_fraud_rules_schema_version_length CHECK (char_length(schema_version) <= 32),
    ADD CONSTRAINT raw_fraud_rules_schema_version_pattern CHECK (schema_version ~ '^[0-9]+\.[0-9]+\.[0-9]+$');

ALTER TABLE bronze.raw_late
    DROP CONSTRAINT raw_transactions_kafka_partition_check,
    DROP CONSTRAINT raw_transactions_kafka_offset_check,
    DROP CONSTRAINT raw_transactions_processing_status_check,
    ADD CONSTRAINT raw_late_log_id_length CHECK (char_length(log_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT raw_late_kafka_topic_enum CHECK (kafka_topic IN ('transactions.late')),
    ADD CONSTRAINT raw_late_kafka_partition_range CHECK (kafka_partition >= 0),
    ADD CONSTRAINT raw_late_kafka_offset_range CHECK (kafka_offset >= 0),
    ADD CONSTRAINT raw_late_kafka_timestamp_format CHECK (kafka_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_late_headers_type CHECK (jsonb_typeof(headers) = 'object'),
    ADD CONSTRAINT raw_late_event_timestamp_format CHECK (event_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_late_raw_payload_type CHECK (jsonb_typeof(raw_payload) = 'object'),
    ADD CONSTRAINT raw_late_ingested_at_format CHECK (ingested_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_late_processing_status_enum CHECK (processing_status IN ('accepted', 'accepted_unknown_fields')),
    ADD CONSTRAINT raw_late_schema_version_length CHECK (char_length(schema_version) <= 32),
    ADD CONSTRAINT raw_late_schema_version_pattern CHECK (schema_version ~ '^[0-9]+\.[0-9]+\.[0-9]+$');

ALTER TABLE bronze.raw_reference
    DROP CONSTRAINT raw_transactions_kafka_partition_check,
    DROP CONSTRAINT raw_transactions_kafka_offset_check,
    DROP CONSTRAINT raw_transactions_processing_status_check,
    ADD CONSTRAINT raw_reference_log_id_length CHECK (char_length(log_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT raw_reference_kafka_topic_enum CHECK (kafka_topic IN ('reference.raw')),
    ADD CONSTRAINT raw_reference_kafka_partition_range CHECK (kafka_partition >= 0),
    ADD CONSTRAINT raw_reference_kafka_offset_range CHECK (kafka_offset >= 0),
    ADD CONSTRAINT raw_reference_kafka_timestamp_format CHECK (kafka_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_reference_headers_type CHECK (jsonb_typeof(headers) = 'object'),
    ADD CONSTRAINT raw_reference_event_timestamp_format CHECK (event_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_reference_raw_payload_type CHECK (jsonb_typeof(raw_payload) = 'object'),
    ADD CONSTRAINT raw_reference_ingested_at_format CHECK (ingested_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_reference_processing_status_enum CHECK (processing_status IN ('accepted', 'accepted_unknown_fields')),
    ADD CONSTRAINT raw_reference_schema_version_length CHECK (char_length(schema_version) <= 32),
    ADD CONSTRAINT raw_reference_schema_version_pattern CHECK (schema_version ~ '^[0-9]+\.[0-9]+\.[0-9]+$');

ALTER TABLE bronze.raw_transactions
    DROP CONSTRAINT raw_transactions_kafka_partition_check,
    DROP CONSTRAINT raw_transactions_kafka_offset_check,
    DROP CONSTRAINT raw_transactions_processing_status_check,
    ADD CONSTRAINT raw_transactions_log_id_length CHECK (char_length(log_id) BETWEEN 1 AND 64),
    ADD CONSTRAINT raw_transactions_kafka_topic_enum CHECK (kafka_topic IN ('transactions.raw')),
    ADD CONSTRAINT raw_transactions_kafka_partition_range CHECK (kafka_partition >= 0),
    ADD CONSTRAINT raw_transactions_kafka_offset_range CHECK (kafka_offset >= 0),
    ADD CONSTRAINT raw_transactions_kafka_timestamp_format CHECK (kafka_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_transactions_headers_type CHECK (jsonb_typeof(headers) = 'object'),
    ADD CONSTRAINT raw_transactions_event_timestamp_format CHECK (event_timestamp BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_transactions_raw_payload_type CHECK (jsonb_typeof(raw_payload) = 'object'),
    ADD CONSTRAINT raw_transactions_ingested_at_format CHECK (ingested_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'),
    ADD CONSTRAINT raw_transactions_processing_status_enum CHECK (processing_status IN ('accepted', 'accepted_unknown_fields')),
    ADD CONSTRAINT raw_transactions_schema_version_length CHECK (char_length(schema_version) <= 32),
    ADD CONSTRAINT raw_transactions_schema_version_pattern CHECK (schema_version ~ '^[0-9]+\.[0-9]+\.[0-9]+$');
