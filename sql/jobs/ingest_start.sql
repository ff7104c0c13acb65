-- Purpose: record where ingestion of a partition of a log began; what is known already stays.
-- Grain: a partition of a log. Key: (log_id, kafka_partition). Parameters: log_id, partition, topic, first offset.
INSERT INTO ops.ingest_start (log_id, kafka_partition, kafka_topic, first_offset)
VALUES (%s, %s, %s, %s)
ON CONFLICT (log_id, kafka_partition) DO NOTHING
