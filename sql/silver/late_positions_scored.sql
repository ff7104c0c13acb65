-- Purpose: note that late purchases have been judged.
-- Grain:   one row a late purchase. Key: (log_id, kafka_partition, kafka_offset). Source: late_wanted.
UPDATE ops.late_positions AS l SET scored_at = {load_time}
FROM late_wanted AS w
WHERE (l.log_id, l.kafka_partition, l.kafka_offset) = (w.log_id, w.kafka_partition, w.kafka_offset);
