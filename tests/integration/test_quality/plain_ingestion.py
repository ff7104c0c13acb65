"""The platform's work done plainly: one process reads a real broker and writes a real database, without Flink.

It shares the validator and the engine with the jobs and nothing else, so that `verify` is tried on data that it should
accept and that no job had a hand in.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]
from psycopg import sql
from psycopg.types.json import Jsonb

from streamflow.broker import INGESTION
from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.names import (
    FRAUD_ALERTS,
    FRAUD_DECISIONS,
    SOURCE_TOPICS,
    TRANSACTIONS_LATE,
    TRANSACTIONS_RAW,
    bronze_table_for,
)
from streamflow.contracts.rule_sets import load_horizons, load_rule_set
from streamflow.contracts.timestamps import format_us
from streamflow.generator.producer import ensure_topics
from streamflow.quality.table_checks import REALTIME_WINDOWS_S
from streamflow.replay.rule_topic import publish_records
from streamflow.rules.book import RuleBook
from streamflow.rules.engine import Engine
from streamflow.rules.model import Decided, Decision, LatePurchase, Position, Purchase, purchase_from_record
from streamflow.settings import Settings

DEADLINE_S = 120.0
RAW = (
    "log_id, kafka_topic, kafka_partition, kafka_offset, kafka_key, kafka_timestamp, event_timestamp, raw_payload, "
    "raw_bytes, processing_status, schema_version"
)
DEAD = (
    "log_id, source_topic, source_partition, source_offset, source_key, source_timestamp, raw_bytes, reason, detail, "
    "contract_version"
)


class PlainIngestion:
    """Reads every source topic to its end and does what the three jobs do.

    Args:
        settings: Of the platform.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        catalogue = Catalogue.load(settings.contracts_dir)
        self.log_ids = ensure_topics(settings, catalogue)
        self._validator = build_validator(catalogue, settings.base_currency)
        self._rules = rule_record(settings)
        self._engine = Engine(RuleBook.from_records([self._rules]), load_horizons(settings.contracts_dir))
        self._states: dict[str, bytes] = {}
        self._read_to: dict[tuple[str, int], int] = {}
        self._windows: dict[str, dict[tuple[Any, ...], list[int]]] = {name: {} for name in REALTIME_WINDOWS_S}
        self._known: set[tuple[str, str]] = set()
        self._producer = Producer({"bootstrap.servers": settings.kafka.require(), "partitioner": "murmur2_random"})

    def publish_rules(self) -> None:
        """Put rule set 1.0.0 on its topic."""
        publish_records(self._settings.kafka.require(), [self._rules])

    def run(self) -> Counter[str]:
        """Ingest what is there, decide, ingest the decisions, and commit; return records by topic."""
        counts: Counter[str] = Counter()
        inputs = [topic for topic in SOURCE_TOPICS if topic not in (FRAUD_ALERTS, FRAUD_DECISIONS, TRANSACTIONS_LATE)]
        for topics in (inputs, [FRAUD_DECISIONS, FRAUD_ALERTS, TRANSACTIONS_LATE]):
            messages = self._read(topics)
            self._write(messages)
            counts.update(message.topic() or "" for message in messages)
            assert self._producer.flush(DEADLINE_S) == 0, "the broker did not take the decisions"
        self._write_windows()
        return counts

    def _read(self, topics: Iterable[str]) -> list[Message]:
        """Read topics from where the last call ended to their ends, and commit."""
        ends = end_offsets(self._settings, topics)
        consumer = Consumer(
            {
                "bootstrap.servers": self._settings.kafka.require(),
                "group.id": INGESTION,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
            }
        )
        found: list[Message] = []
        try:
            places = [TopicPartition(*place, self._read_to.get(place, 0)) for place in ends]
            consumer.assign(places)
            deadline = time.monotonic() + DEADLINE_S
            waiting = set(ends)
            while waiting:
                assert time.monotonic() < deadline, f"could not read {waiting} to their ends"
                for message in consumer.consume(500, 0.2):
                    if message.error() is None:
                        found.append(message)
                    else:
                        # The one error asked for: the end, markers of transactions included.
                        waiting.discard((message.topic() or "", message.partition() or 0))
            _commit(consumer, ends)
            self._read_to.update(ends)
        finally:
            consumer.close()
        return sorted(found, key=lambda one: (one.topic() or "", one.partition() or 0, one.offset() or 0))

    def _write(self, messages: Iterable[Message]) -> None:
        with psycopg.connect(self._settings.postgres.dsn("bronze_db", "ingest")) as bronze:
            for message in messages:
                self._accept(bronze, message)

    def _accept(self, bronze: psycopg.Connection[Any], message: Message) -> None:
        topic, partition, offset = message.topic() or "", message.partition() or 0, message.offset() or 0
        key: Any = message.key()
        body: Any = message.value()
        time_ms = message.timestamp()[1]
        verdict = self._validator(topic, key, body, time_ms)
        moment = datetime.fromtimestamp(time_ms / 1000, UTC)
        log_id = self.log_ids[topic]
        if verdict.reason is not None or verdict.record is None or verdict.event_time_us is None:
            row = (log_id, topic, partition, offset, key, moment, body, verdict.reason, verdict.detail)
            _insert(bronze, "bronze.dead_letters", DEAD, (*row, verdict.contract_version))
            return
        event_time = datetime.fromtimestamp(verdict.event_time_us / 1_000_000, UTC)
        payload = Jsonb(verdict.record, dumps=lambda value: msgspec.json.encode(value).decode())
        values = (log_id, topic, partition, offset, key, moment, event_time, payload, body)
        _insert(bronze, bronze_table_for(topic), RAW, (*values, verdict.status, verdict.schema_version))
        if topic == TRANSACTIONS_RAW:
            purchase = purchase_from_record(verdict.record, verdict.event_time_us)
            self._decide(purchase, verdict.record, Position(partition, offset), time_ms)
            self._aggregate(purchase, verdict.record)

    def _decide(self, purchase: Purchase, record: dict[str, Any], position: Position, time_ms: int) -> None:
        customer = purchase.customer_id
        self._states[customer], outcomes = self._engine.process(self._states.get(customer), purchase, position)
        for outcome in outcomes:
            if isinstance(outcome, LatePurchase):
                self._send(TRANSACTIONS_LATE, customer, self._late(outcome, record), time_ms)
            elif isinstance(outcome, Decided):
                self._send_decision(outcome, outcome.decision, time_ms)

    def _send_decision(self, outcome: Decided, decision: Decision, time_ms: int) -> None:
        if outcome.to_decisions:
            self._send(FRAUD_DECISIONS, decision.customer_id, decision.payload(), time_ms)
        if outcome.to_alerts:
            self._send(FRAUD_ALERTS, decision.customer_id, decision.alert_payload(), time_ms)

    def _late(self, outcome: LatePurchase, record: dict[str, Any]) -> dict[str, Any]:
        return {
            "schema_version": "1.0.0",
            "transaction_id": outcome.purchase.transaction_id,
            "customer_id": outcome.purchase.customer_id,
            "event_timestamp": format_us(outcome.purchase.event_time_us),
            "watermark": format_us(outcome.watermark_us),
            "source_log_id": self.log_ids[TRANSACTIONS_RAW],
            "source_partition": outcome.position.partition,
            "source_offset": outcome.position.offset,
            "purchase": record,
        }

    def _send(self, topic: str, key: str, record: dict[str, Any], time_ms: int) -> None:
        self._producer.produce(topic, key=key.encode(), value=msgspec.json.encode(record), timestamp=time_ms)
        self._producer.poll(0)

    def _aggregate(self, purchase: Purchase, record: dict[str, Any]) -> None:
        identity = (purchase.customer_id, purchase.transaction_id)
        if identity in self._known:
            return
        self._known.add(identity)
        for table, seconds in REALTIME_WINDOWS_S.items():
            start = purchase.event_time_us // (seconds * 1_000_000) * seconds
            key = (datetime.fromtimestamp(start, UTC), record["currency"], record.get("channel") or "unknown")
            sums = self._windows[table].setdefault(key, [0, 0, 0])
            sums[0] += 1
            sums[1] += purchase.amount_minor
            sums[2] = max(sums[2], purchase.amount_minor)

    def _write_windows(self) -> None:
        columns = "window_start, currency, channel, transactions, amount_minor_sum, amount_minor_max"
        with psycopg.connect(self._settings.postgres.dsn("gold_db", "ingest")) as gold:
            for table, rows in self._windows.items():
                for key, sums in rows.items():
                    _insert(gold, f"gold.{table}", columns, (*key, *sums))
                rows.clear()


def rule_record(settings: Settings) -> dict[str, Any]:
    """Return the fraud-rules record that makes rule set 1.0.0 live from 2000 on."""
    rule_set = load_rule_set("1.0.0", settings.contracts_dir)
    return {
        "kind": "rule_set",
        "version": "1.0.0",
        "role": "live",
        "effective_from": "2000-01-01T00:00:00Z",
        "rule_set": rule_set.payload(),
    }


def end_offsets(settings: Settings, topics: Iterable[str]) -> dict[tuple[str, int], int]:
    """Return the end of each partition."""
    admin = AdminClient({"bootstrap.servers": settings.kafka.require()})
    known = admin.list_topics(timeout=DEADLINE_S).topics
    asked = {
        TopicPartition(topic, partition): OffsetSpec.latest()  # type: ignore[no-untyped-call]
        for topic in topics
        for partition in known[topic].partitions
    }
    answers = admin.list_offsets(asked, request_timeout=DEADLINE_S)
    return {(place.topic, place.partition): future.result(DEADLINE_S).offset for place, future in answers.items()}


def _commit(consumer: Consumer, ends: dict[tuple[str, int], int]) -> None:
    """Commit, once the broker has found who coordinates the group; a young broker takes a moment."""
    done = [TopicPartition(*place, end) for place, end in ends.items()]
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            consumer.commit(offsets=done, asynchronous=False)
            return
        except KafkaException as error:
            if not error.args[0].retriable() or time.monotonic() > deadline:
                raise
            consumer.poll(0.2)


def _insert(connection: psycopg.Connection[Any], table: str, columns: str, values: tuple[Any, ...]) -> None:
    names = [sql.Identifier(name) for name in columns.split(", ")]
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(*table.split(".")),
        sql.SQL(", ").join(names),
        sql.SQL(", ").join([sql.Placeholder()] * len(names)),
    )
    connection.execute(statement, values)
