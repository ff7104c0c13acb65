-- Purpose: where the purchases lie that the stream sent to transactions.late.
-- Grain:   one row a late purchase. Source: late_sources.sql.
SELECT kafka_partition, kafka_offset FROM ({late}) AS l WHERE log_id = {log_id}
