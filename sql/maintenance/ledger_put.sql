-- Purpose: record offsets that left bronze with a partition.
-- Grain:   one row a removed range of a log partition. Key: (table_name, log_id, kafka_partition, from_offset).
INSERT INTO ops.retention_ledger
    (table_name, log_id, kafka_partition, from_offset, to_offset, rows_removed, newest_timestamp)
VALUES ({table_name}, {log_id}, {kafka_partition}, {from_offset}, {to_offset}, {rows}, {newest});
