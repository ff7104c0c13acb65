"""Simulated customers with habits, fraud with a story, and the way to Kafka for them and for files of one's own."""
