-- Grain: one row a source topic and reason. Source contract: bronze/dead_letters.
SELECT source_topic, reason, count(*) AS records
FROM bronze.dead_letters
GROUP BY source_topic, reason
ORDER BY source_topic, records DESC, reason;
