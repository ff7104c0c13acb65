-- Purpose: read where the ingestion of each log partition began.
-- Grain:   one row a log partition. Key: (log_id, kafka_partition). Source: ops.ingest_start.
SELECT log_id, kafka_partition, first_offset
FROM ops.ingest_start
WHERE kafka_topic = {topic}
