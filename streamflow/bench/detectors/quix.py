"""The detector as a Quix Streams application: state in RocksDB with its changelog topic, as that library comes.

Runs in an environment of its own (see `environment`), because the library asks for older clients than ours.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import msgspec

from streamflow.bench.detectors.work import BEGAN, READY, TOPICS, Detector, Task
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.rules.model import Position

STATE = "customer"
COMMIT_S = 5.0


def main() -> None:
    """Read a task from standard input; work until told to stop."""
    from quixstreams import Application, message_context

    task = msgspec.json.decode(sys.stdin.readline(), type=Task)
    detect = Detector(task)
    app = Application(
        broker_address=task.bootstrap_servers,
        consumer_group=task.group,
        auto_offset_reset="earliest",
        commit_interval=COMMIT_S,
        state_dir=task.state_dir,
        producer_extra_config={"linger.ms": 20, "compression.type": "lz4"},
        loglevel="WARNING",
    )
    source = app.topic(TRANSACTIONS_RAW, value_deserializer="bytes", key_deserializer="bytes")
    sinks = {name: app.topic(name, value_serializer="bytes", key_serializer="bytes") for name in TOPICS}
    began = False

    def judge(value: bytes, key: bytes, timestamp: int, _: Any, state: Any) -> list[Any]:
        nonlocal began
        if not began:
            began = True
            print(BEGAN, time.monotonic(), flush=True)
        context = message_context()
        position = Position(context.partition, context.offset)
        after, sent = detect(key, value, timestamp, position, state.get_bytes(STATE))
        state.set_bytes(STATE, after)
        return sent

    frame = app.dataframe(source).apply(judge, stateful=True, expand=True, metadata=True)
    for name, topic in sinks.items():
        chosen = frame[frame.apply(lambda sent, name=name: sent.topic == name)]
        chosen.apply(lambda sent: sent.value).to_topic(topic)
    print(READY, flush=True)
    sys.stdin.readline()
    app.run()


if __name__ == "__main__":
    main()
