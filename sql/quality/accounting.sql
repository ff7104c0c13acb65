-- Purpose: the figures of the account: records, purchases, those first seen late, and repeats that count as late.
-- Grain:   one row. Source: contracts/bronze/raw_transactions, contracts/bronze/raw_late.
WITH purchases AS MATERIALIZED ({purchases}),
late AS MATERIALIZED ({late})
SELECT
    (SELECT count(*) FROM bronze.raw_transactions) AS records,
    (SELECT count(*) FROM purchases) AS purchases,
    (SELECT count(*) FROM late) AS late,
    (SELECT count(*) FROM purchases AS p JOIN late AS l USING (log_id, kafka_partition, kafka_offset)) AS first_late
