"""The detector as plain Python: a consumer, a dict of states, a producer; a crash would lose everything."""

from __future__ import annotations

import sys
import time

import msgspec

from streamflow.bench.detectors.work import BEGAN, READY, Detector, Task
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.rules.model import Position

BATCH = 2000


def main() -> None:
    """Read a task from standard input and its partitions to their ends."""
    from confluent_kafka import Consumer, Producer, TopicPartition

    task = msgspec.json.decode(sys.stdin.readline(), type=Task)
    detect = Detector(task)
    consumer = Consumer(
        {
            "bootstrap.servers": task.bootstrap_servers,
            "group.id": task.group,
            "enable.auto.commit": False,
            "queued.max.messages.kbytes": 262_144,
        }
    )
    producer = Producer({"bootstrap.servers": task.bootstrap_servers, "linger.ms": 20, "compression.type": "lz4"})
    states: dict[bytes, bytes] = {}
    left = sum(task.ends.values())
    print(READY, flush=True)
    sys.stdin.readline()
    consumer.assign([TopicPartition(TRANSACTIONS_RAW, partition, 0) for partition in task.ends])
    print(BEGAN, time.monotonic(), flush=True)
    while left:
        messages = consumer.consume(min(BATCH, left), 0.5)
        left -= len(messages)
        for message in messages:
            key, body = message.key() or b"", message.value() or b""
            place = Position(message.partition() or 0, message.offset() or 0)
            states[key], sent = detect(key, body, message.timestamp()[1], place, states.get(key))
            for one in sent:
                producer.produce(one.topic, one.value, key)
        producer.poll(0)
    producer.flush()
    consumer.close()


if __name__ == "__main__":
    main()
