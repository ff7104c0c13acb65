"""What every detector of the comparison does with a record: validator, engine, what to send; nothing of the platform.

This module and those that it imports also run in the environment of Quix Streams, which lacks most of ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from streamflow.contracts import Catalogue, Validator, build_validator
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.contracts.rule_sets import load_horizons
from streamflow.rules.book import RuleBook
from streamflow.rules.engine import Engine
from streamflow.rules.model import Decided, LatePurchase, Position, purchase_from_record

DECISIONS, ALERTS, LATE = "bench-decisions", "bench-alerts", "bench-late"
TOPICS = (DECISIONS, ALERTS, LATE)
BEGAN, READY = "began", "ready"
"""What a process of a detector prints, the first with the clock: at its first record, and before it reads."""


class Task(msgspec.Struct, frozen=True):
    """What a process of a detector is told on its standard input.

    Attributes:
        bootstrap_servers: The broker.
        contracts_dir: The contracts.
        base_currency: The one currency.
        rule_records: The fraud-rules topic, read to its end.
        group: Its consumer group.
        state_dir: Where it may keep state.
        ends: For each of its partitions, the offset after the last record to read.
    """

    bootstrap_servers: str
    contracts_dir: str
    base_currency: str
    rule_records: list[dict[str, Any]]
    group: str
    state_dir: str
    ends: dict[int, int]


class Sent(NamedTuple):
    """A record to send: topic and JSON."""

    topic: str
    value: bytes


class Detector:
    """Judges records as the Flink job does."""

    def __init__(self, task: Task) -> None:
        folder = Path(task.contracts_dir)
        self._validate: Validator = build_validator(Catalogue.load(folder), task.base_currency)
        self._engine = Engine(RuleBook.from_records(task.rule_records), load_horizons(folder))
        self._encode = msgspec.json.Encoder().encode

    def __call__(
        self, key: bytes, body: bytes, kafka_ms: int, position: Position, state: bytes | None
    ) -> tuple[bytes, list[Sent]]:
        """Take one record.

        Args:
            key: Its key.
            body: Its value.
            kafka_ms: Its Kafka timestamp, milliseconds.
            position: Where it stands.
            state: The customer's state; None at first.

        Returns:
            The customer's state after it, and what to send.

        Raises:
            ValueError: The validator refuses it; the benchmark's records keep their contract.
        """
        verdict = self._validate(TRANSACTIONS_RAW, key, body, kafka_ms)
        if verdict.record is None or verdict.event_time_us is None:
            raise ValueError(f"a record of the benchmark is refused: {verdict.detail}")
        purchase = purchase_from_record(verdict.record, verdict.event_time_us)
        after, outcomes = self._engine.process(state, purchase, position)
        sent: list[Sent] = []
        for outcome in outcomes:
            if isinstance(outcome, Decided):
                if outcome.to_decisions:
                    sent.append(Sent(DECISIONS, self._encode(outcome.decision.payload())))
                if outcome.to_alerts:
                    sent.append(Sent(ALERTS, self._encode(outcome.decision.alert_payload())))
            elif isinstance(outcome, LatePurchase):
                sent.append(Sent(LATE, self._encode(verdict.record)))
        return after, sent
