'connector' = 'jdbc',
    'url' = {{ jdbc.url | literal }},
    'table-name' = {{ (jdbc.schema ~ '.' ~ table) | literal }},
    'username' = {{ jdbc.user | literal }},
    'password' = {{ jdbc.password | literal }},
    'sink.buffer-flush.max-rows' = '2000',
    'sink.buffer-flush.interval' = '200 ms',
    'sink.max-retries' = '10'
