-- Purpose: have every day from the first purchase to the last.
-- Grain:   one row a day, UTC. Key: date_key. Source: contracts/gold/dim_date.
INSERT INTO gold.dim_date (date_key, date, year, quarter, month, month_name, day, iso_week, weekday, weekday_name,
                           is_weekend)
SELECT to_char(d, 'YYYYMMDD')::integer, d::date, extract(year FROM d), extract(quarter FROM d), extract(month FROM d),
       to_char(d, 'FMMonth'), extract(day FROM d), extract(week FROM d), extract(isodow FROM d), to_char(d, 'FMDay'),
       extract(isodow FROM d) >= 6
FROM (
    SELECT min(day) AS first_day, max(day) AS last_day
    FROM (
        SELECT (event_timestamp AT TIME ZONE 'UTC')::date AS day FROM fact_batch
        UNION ALL
        SELECT date FROM gold.dim_date
    ) AS days
) AS span
CROSS JOIN LATERAL generate_series(span.first_day::timestamp, span.last_day::timestamp, interval '1 day') AS d
ON CONFLICT (date_key) DO NOTHING;
