-- Purpose: how far silver has read each log partition of each raw table; run in silver_db.
-- Grain:   one row a source and log partition. Key: (source_table, log_id, kafka_partition).
SELECT source_table, log_id, kafka_partition, next_offset FROM ops.marks WHERE transform = 'bronze_to_silver';
