"""A few customers whose clock goes on, and an operator who changes the rules beside the running detector."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from streamflow.broker import read_logs
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.contracts.timestamps import format_us, parse_us
from streamflow.generator.faults import BASE, BASE_MS
from streamflow.jobs.plan import FRAUD_DETECTOR
from streamflow.jobs.progress import wait_drained
from streamflow.settings import Settings
from tests.commands import in_process

STEP_MS = 20_000
DEADLINE_S = 120.0


@dataclass
class Shop:
    """Purchases of a few customers, whose clock goes on; and the command line beside the running detector."""

    settings: Settings
    prefix: str = "customer"
    environment: Mapping[str, str] = field(default_factory=dict)
    now_ms: int = BASE_MS
    bursts: int = 0
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    read_out: dict[str, str] = field(default_factory=dict)
    evidence: str = ""

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `streamflow` as an operator would."""
        return in_process(*arguments, **{"STREAMFLOW_HOME": str(self.settings.state), **self.environment})

    def rules(self, step: str, *arguments: str) -> dict[str, Any]:
        """Run `streamflow rules ... --json`, keep what it tells under the name of a step."""
        done = self.run("rules", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        self.told[step] = json.loads(done.stdout)
        return self.told[step]

    def refuse(self, step: str, *arguments: str) -> None:
        """Run a command that must fail with one sentence."""
        done = self.run("rules", *arguments)
        assert done.returncode == 2, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        self.refused[step] = done.stderr

    def burst(self, *, merchant: str = "merchant-1", customers: int = 4, purchases: int = 8) -> None:
        """Let each customer buy several times within three minutes.

        Nobody waits for the decisions: event time says which rules count, and Flink's source says only every ten
        seconds how far it is in a topic at rest.
        """
        producer = Producer({"bootstrap.servers": self.settings.kafka.require(), "partitioner": "murmur2_random"})
        self.bursts += 1
        for number in range(purchases):
            for customer in range(customers):
                # Others than in the bursts just before, whose purchases still lie within velocity's window.
                name = f"{self.prefix}-{self.bursts % 4}-{customer}"
                record = BASE | {
                    "transaction_id": f"{self.prefix}-{self.bursts}-{number}-{customer}",
                    "customer_id": name,
                    "event_timestamp": format_us(self.now_ms * 1000),
                    "merchant_id": merchant,
                }
                producer.produce(TRANSACTIONS_RAW, json.dumps(record).encode(), name.encode(), timestamp=self.now_ms)
            self.now_ms += STEP_MS
        assert producer.flush(DEADLINE_S) == 0

    def decided(self) -> None:
        """Wait until the detector has taken in everything that was sent, rules included."""
        wait_drained(self.settings, DEADLINE_S, jobs=[FRAUD_DETECTOR])

    def later(self, step: str) -> None:
        """Let the clock come to the event time of a change."""
        record = self.told[step]["record"]
        counts_us = parse_us(record.get("until") or record["effective_from"])
        assert counts_us is not None
        assert counts_us // 1000 > self.now_ms
        self.now_ms = counts_us // 1000

    def read(self, topic: str) -> list[Any]:
        """Return every message of a topic, by partition and offset."""
        ends = read_logs(self.settings, [topic])[topic].ends
        reader = Consumer({"bootstrap.servers": self.settings.kafka.require(), "group.id": "t"})
        reader.assign([TopicPartition(topic, partition, 0) for partition in ends])
        found: list[Any] = []
        while len(found) < sum(ends.values()):
            found.extend(message for message in reader.consume(1000, 0.5) if message.error() is None)
        reader.close()
        return sorted(found, key=lambda message: (message.partition(), message.offset()))
