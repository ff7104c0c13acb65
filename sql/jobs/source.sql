-- Purpose: read whole topics as they are, with where each record lies; one job reads one list of topics once.
-- Grain: a Kafka record. Key: (kafka_topic, kafka_partition, kafka_offset).
-- Contract: none yet; `raw` formats hand on every byte, so that tombstones and broken text survive.
CREATE TEMPORARY TABLE {{ table }} (
    msg_key BYTES,
    body BYTES,
    kafka_topic STRING NOT NULL METADATA FROM 'topic' VIRTUAL,
    kafka_partition INT NOT NULL METADATA FROM 'partition' VIRTUAL,
    kafka_offset BIGINT NOT NULL METADATA FROM 'offset' VIRTUAL,
    kafka_time TIMESTAMP_LTZ(3) NOT NULL METADATA FROM 'timestamp' VIRTUAL,
    headers MAP<STRING, BYTES> METADATA VIRTUAL,
    arrival AS PROCTIME()
) WITH (
    'connector' = 'kafka',
    'topic' = {{ topics | join(';') | literal }},
    'properties.bootstrap.servers' = {{ bootstrap_servers | literal }},
    'properties.group.id' = {{ group | literal }},
    'properties.client.id.prefix' = {{ group | literal }},
    'properties.max.partition.fetch.bytes' = '4194304',
    'scan.startup.mode' = 'earliest-offset',
    'scan.topic-partition-discovery.interval' = '0',
    'key.format' = 'raw',
    'key.fields' = 'msg_key',
    'value.format' = 'raw',
    'value.fields-include' = 'EXCEPT_KEY'
)
