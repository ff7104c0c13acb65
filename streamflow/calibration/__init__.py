"""From labelled purchases to figures: what the notebooks call. Knows no Kafka and no Flink."""
