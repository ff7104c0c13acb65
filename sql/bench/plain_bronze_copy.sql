-- Purpose: hand a batch of accepted purchases to the plain consumer's table.
-- Grain:   an accepted Kafka record. Key: (log_id, kafka_partition, kafka_offset).
COPY bronze.plain_bronze (
    log_id, kafka_topic, kafka_partition, kafka_offset, kafka_key, kafka_timestamp,
    headers, event_timestamp, raw_payload, raw_bytes, processing_status, schema_version
) FROM STDIN
