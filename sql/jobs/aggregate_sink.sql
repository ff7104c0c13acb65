-- Purpose: one table of running aggregates as an idempotent sink.
-- Grain: a window, a currency and a channel. Key: (window_start, currency, channel). Contract: contracts/gold/{{ table }}.
CREATE TEMPORARY TABLE {{ table }} (
    window_start STRING,
    currency STRING,
    channel STRING,
    transactions BIGINT,
    amount_minor_sum BIGINT,
    amount_minor_max BIGINT,
    PRIMARY KEY (window_start, currency, channel) NOT ENFORCED
) WITH (
    {% include 'jobs/jdbc_options.sql' %}
)
