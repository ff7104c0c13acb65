"""What the tests of the jobs send, and how they find it again."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from confluent_kafka import Consumer, Producer, TopicPartition

from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.settings import Settings

DEADLINE_S = 30.0


class Sent(NamedTuple):
    """A record and where it came to lie."""

    key: bytes | None
    body: bytes | None
    partition: int
    offset: int


def send(settings: Settings, records: Iterable[tuple[bytes | None, bytes | None, int]]) -> list[Sent]:
    """Send (key, body, Kafka timestamp in ms) to transactions.raw and return where each lies, in order."""
    producer = Producer(
        {
            "bootstrap.servers": settings.kafka.require(),
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "message.max.bytes": 4_000_000,
        }
    )
    places: list[Sent] = []

    def delivered(error: Any, message: Any) -> None:
        assert error is None, f"not delivered: {error}"
        places.append(Sent(message.key(), message.value(), message.partition(), message.offset()))

    for key, body, timestamp_ms in records:
        headers: Any = [("produced_at_us", b"%d" % (time.time_ns() // 1000))]
        producer.produce(TRANSACTIONS_RAW, body, key, timestamp=timestamp_ms, headers=headers, on_delivery=delivered)
        # One after another, so that the order of the log is the order given here.
        producer.flush(DEADLINE_S)
    return places


def read_topic(settings: Settings, topic: str, ends: dict[int, int]) -> list[Any]:
    """Return every message of a topic up to the given end offsets."""
    consumer = Consumer(
        {"bootstrap.servers": settings.kafka.require(), "group.id": "reader", "enable.auto.commit": False}
    )
    consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
    messages: list[Any] = []
    deadline = time.monotonic() + DEADLINE_S
    while len(messages) < sum(ends.values()):
        assert time.monotonic() < deadline, f"{topic}: {len(messages)} of {sum(ends.values())} after {DEADLINE_S} s"
        messages.extend(message for message in consumer.consume(1000, 0.5) if message.error() is None)
    consumer.close()
    return messages
