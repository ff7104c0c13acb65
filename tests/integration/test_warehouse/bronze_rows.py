"""Fills bronze as the stream would: generated records through the validator and the engine, partition by partition."""

from __future__ import annotations

import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.names import (
    BRONZE_TABLES,
    DEAD_LETTERS,
    EVENTS_RAW,
    FRAUD_ALERTS,
    FRAUD_DECISIONS,
    FRAUD_RULES,
    REFERENCE_RAW,
    TRANSACTIONS_LATE,
    TRANSACTIONS_RAW,
)
from streamflow.contracts.rule_sets import load_horizons, load_rule_set
from streamflow.contracts.timestamps import format_us, parse_us
from streamflow.generator.records import Emission
from streamflow.generator.runs import plan_run
from streamflow.generator.simulation import Simulation
from streamflow.rules.book import RuleBook
from streamflow.rules.engine import Engine
from streamflow.rules.model import Decided, LatePurchase, Position, alert_id, purchase_from_record
from streamflow.settings import Settings
from streamflow.warehouse.connections import connect

PARTITIONS = 2
SENT = "2026-03-01T00:00:00Z"
"""When reference data of the past is sent."""
RAW_COLUMNS = (
    "log_id, kafka_topic, kafka_partition, kafka_offset, kafka_key, kafka_timestamp, event_timestamp, raw_payload, "
    "raw_bytes, processing_status, schema_version"
)
DEAD_COLUMNS = (
    "log_id, source_topic, source_partition, source_offset, source_key, source_timestamp, raw_bytes, reason, detail, "
    "contract_version"
)
Row = tuple[str, tuple[Any, ...]]
"""Table and values."""

KEPT_BETWEEN_TESTS = {
    "bronze_db": "bronze.raw_transactions, bronze.raw_events, bronze.raw_reference, bronze.raw_fraud_decisions, "
    "bronze.raw_fraud_alerts, bronze.raw_fraud_rules, bronze.raw_late, bronze.dead_letters, ops.ingest_start, "
    "ops.retention_ledger, ops.load_audit",
    "silver_db": "ops.load_audit",
    "gold_db": "ops.load_audit, gold.agg_realtime_1m, gold.agg_realtime_5m, gold.agg_realtime_1h",
}
"""What `forget` rightly leaves alone, and the next test must not see."""


def rule_record(settings: Settings, effective_from: str = "2000-01-01T00:00:00Z") -> dict[str, Any]:
    """Return the fraud-rules record that makes rule set 1.0.0 live."""
    rule_set = load_rule_set("1.0.0", settings.contracts_dir)
    return {
        "kind": "rule_set",
        "version": "1.0.0",
        "role": "live",
        "effective_from": effective_from,
        "rule_set": rule_set.payload(),
    }


class Stream:
    """Turns records into rows of bronze.

    Args:
        settings: Say where the contracts are.
        log: Prefix of every log's identity.
        detect: Also yield what the detector would send about each purchase.
        also: Further fraud-rules records that the detector has beside the live one's.
    """

    def __init__(
        self, settings: Settings, log: str = "log", *, detect: bool = True, also: Iterable[dict[str, Any]] = ()
    ) -> None:
        self._contracts = settings.contracts_dir
        self._detects = detect
        self._validator = build_validator(Catalogue.load(settings.contracts_dir), settings.base_currency)
        rules = rule_record(settings)
        self._engine = Engine(RuleBook.from_records([rules, *also]), load_horizons(settings.contracts_dir))
        self._states: dict[str, bytes] = {}
        self._offsets: Counter[tuple[str, int]] = Counter()
        self._log = log
        self.counts: Counter[str] = Counter()
        self._rules = rules

    def log_id(self, topic: str) -> str:
        """Return the identity of a topic's log."""
        return f"{self._log}-{topic}"

    def rules(self, **changes: Any) -> Iterator[Row]:
        """Yield the row that makes rule set 1.0.0 live, with `changes`."""
        yield from self._record(FRAUD_RULES, "rule_set/1.0.0", self._rules | changes, 0)

    def rows(self, emissions: Iterable[Emission]) -> Iterator[Row]:
        """Yield rows in the order in which the stream would write them."""
        for one in emissions:
            yield from self.accept(one.topic, one.key, one.value, one.timestamp_ms)

    def accept(self, topic: str, key: bytes, body: bytes | None, time_ms: int) -> Iterator[Row]:
        """Yield the rows that one record leads to."""
        partition = zlib.crc32(key) % PARTITIONS
        offset = self._offsets[topic, partition]
        self._offsets[topic, partition] += 1
        verdict = self._validator(topic, key, body, time_ms)
        moment = datetime.fromtimestamp(time_ms / 1000, UTC)
        place = (self.log_id(topic), topic, partition, offset, key, moment)
        self.counts[f"{topic} records"] += 1
        if verdict.reason is not None or verdict.record is None or verdict.event_time_us is None:
            self.counts[f"{topic} rejected"] += 1
            yield BRONZE_TABLES[DEAD_LETTERS], (*place, body, verdict.reason, verdict.detail, verdict.contract_version)
            return
        event_time = datetime.fromtimestamp(verdict.event_time_us / 1_000_000, UTC)
        payload = Jsonb(verdict.record, dumps=lambda value: msgspec.json.encode(value).decode())
        yield BRONZE_TABLES[topic], (*place, event_time, payload, body, verdict.status, verdict.schema_version)
        if topic == TRANSACTIONS_RAW and self._detects:
            yield from self._detect(verdict.record, verdict.event_time_us, Position(partition, offset), time_ms)

    def record(self, topic: str, key: str, record: dict[str, Any], at: str) -> list[Row]:
        """Return the row of a record that keeps its contract, sent at a time."""
        rows = list(self.accept(topic, key.encode(), msgspec.json.encode(record), _milliseconds(at)))
        assert rows[0][0] == BRONZE_TABLES[topic], f"a record of {topic} breaks its contract: {rows[0][1][-2]}"
        return rows

    def purchase(self, transaction_id: str, at: str, **fields: Any) -> list[Row]:
        """Return the rows of a purchase of customer c1 over 10.00."""
        record: dict[str, Any] = {
            "schema_version": "1.0.0",
            "customer_id": "c1",
            "amount_minor": 1000,
            "currency": "USD",
        } | fields
        record |= {"transaction_id": transaction_id, "event_timestamp": at}
        return self.record(TRANSACTIONS_RAW, record["customer_id"], record, at)

    def decision(self, transaction_id: str, at: str, topic: str = FRAUD_DECISIONS, **fields: Any) -> list[Row]:
        """Return the row of a decision, or alert, on a purchase of c1; the rest is the contract's own example."""
        folder = self._contracts / "events" / FRAUD_DECISIONS / "examples" / "valid"
        record = json.loads(sorted(folder.glob("*.json"))[0].read_text(encoding="utf-8"))
        record |= {"customer_id": "c1", "transaction_id": transaction_id, "event_timestamp": at} | fields
        record["alert_id"] = alert_id(record["customer_id"], transaction_id, record["rule_set"])
        return self.record(topic, record["customer_id"], record, at)

    def member(self, entity: str, member_id: str, valid_from: str, **attributes: Any) -> list[Row]:
        """Return the row of a version of a member."""
        least = {
            "customer": {"segment": "standard", "country": "DE"},
            "store": {"name": "One", "city": "Ulm", "country": "DE"},
            "product": {"name": "Tea", "category": "drinks", "product_class": "grocery"},
        }
        record = {"schema_version": "1.0.0", "entity": entity, "member_id": member_id, "valid_from": valid_from}
        return self.record(
            REFERENCE_RAW, member_id, record | {"attributes": least[entity] | attributes}, max(valid_from, SENT)
        )

    def chargeback(self, event_id: str, transaction_id: str, at: str, reason: str = "fraud") -> list[Row]:
        """Return the row of a chargeback on a purchase of c1."""
        record = {"schema_version": "1.0.0", "event_id": event_id, "customer_id": "c1", "event_type": "chargeback"}
        record |= {"event_timestamp": at, "transaction_id": transaction_id, "chargeback_reason": reason}
        return self.record(EVENTS_RAW, "c1", record, at)

    def verdict(self, event_id: str, transaction_id: str, at: str, label: str, analyst: str = "ada") -> list[Row]:
        """Return the row of an analyst's verdict on a purchase of c1."""
        record: dict[str, Any] = {"schema_version": "2.0.0", "event_id": event_id, "customer_id": "c1"}
        record |= {"event_type": "verdict", "event_timestamp": at}
        record["verdict"] = {"transaction_id": transaction_id, "label": label, "analyst": analyst}
        return self.record(EVENTS_RAW, "c1", record, at)

    def _detect(self, record: dict[str, Any], event_us: int, position: Position, time_ms: int) -> Iterator[Row]:
        purchase = purchase_from_record(record, event_us)
        key = purchase.customer_id
        self._states[key], outcomes = self._engine.process(self._states.get(key), purchase, position)
        for outcome in outcomes:
            self.counts[outcome.kind] += 1
            if isinstance(outcome, LatePurchase):
                late = {
                    "schema_version": "1.0.0",
                    "transaction_id": purchase.transaction_id,
                    "customer_id": key,
                    "event_timestamp": format_us(event_us),
                    "watermark": format_us(outcome.watermark_us),
                    "source_log_id": self.log_id(TRANSACTIONS_RAW),
                    "source_partition": position.partition,
                    "source_offset": position.offset,
                    "purchase": record,
                }
                yield from self._record(TRANSACTIONS_LATE, key, late, time_ms)
            elif isinstance(outcome, Decided):
                if outcome.to_decisions:
                    yield from self._record(FRAUD_DECISIONS, key, outcome.decision.payload(), time_ms)
                if outcome.to_alerts:
                    yield from self._record(FRAUD_ALERTS, key, outcome.decision.alert_payload(), time_ms)

    def _record(self, topic: str, key: str, record: dict[str, Any], time_ms: int) -> Iterator[Row]:
        for table, row in self.accept(topic, key.encode(), msgspec.json.encode(record), time_ms):
            assert table == BRONZE_TABLES[topic], f"a record of {topic} breaks its contract: {row[-2]}"
            yield table, row


def _milliseconds(at: str) -> int:
    time_us = parse_us(at)
    assert time_us is not None, f"{at} is no time with zone"
    return time_us // 1000


def generated(settings: Settings, purchases: int, days: int = 4, seed: int = 7) -> Iterator[Emission]:
    """Yield a small simulated run with many faults."""
    return Simulation(plan_run(settings, purchases=purchases, days=days, seed=seed, fault_rate=0.1)).emissions()


def write(settings: Settings, rows: Iterable[Row]) -> Counter[str]:
    """Copy rows into bronze as the role that the stream uses; return how many went into each table."""
    by_table: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for table, row in rows:
        by_table[table].append(row)
    with connect(settings, "bronze_db", "ingest") as connection:
        for table, found in by_table.items():
            columns = DEAD_COLUMNS if table == BRONZE_TABLES[DEAD_LETTERS] else RAW_COLUMNS
            with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in found:
                    copy.write_row(row)
    return Counter({table: len(found) for table, found in by_table.items()})
