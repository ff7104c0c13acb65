"""The detector's function: one purchase in, decisions out; everything it decides is the engine's, from the log alone.

Input is one string a record and state is one bytes value a customer: each field that crosses between the JVM and
Python costs as much as a rule.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from pyflink.common import Row, Types
from pyflink.datastream.functions import KeyedBroadcastProcessFunction, RuntimeContext
from pyflink.datastream.state import MapStateDescriptor, ValueStateDescriptor

from streamflow.contracts.rule_sets import load_horizons
from streamflow.contracts.timestamps import format_us
from streamflow.errors import InputError
from streamflow.jobs.checking import validator_of
from streamflow.jobs.plan import HELD_BACK, RULES_POSITION, RULES_REFUSED, VALVE_SHUT, Plan
from streamflow.log import get_logger
from streamflow.rules.admission import admit
from streamflow.rules.book import RuleBook
from streamflow.rules.engine import Engine
from streamflow.rules.model import (
    SCORED,
    Decided,
    Decision,
    LatePurchase,
    Outcome,
    Position,
    purchase_from_record,
)
from streamflow.rules.valve import Valve

if TYPE_CHECKING:
    from pyflink.common.typeinfo import TypeInformation

_DAY_MS = 86_400_000
_STAMP_BYTES = 8
RULES = MapStateDescriptor("rules", Types.STRING(), Types.STRING())
"""The newest rule record of each Kafka key, packed as it came; the same in every subtask."""
LATE_VERSION = "1.0.0"
"""Version of the transactions.late contract that is written here; a test holds it against the catalogue."""


class Arrival(NamedTuple):
    """A record of transactions.raw, as it lies in the log."""

    partition: int
    offset: int
    kafka_ms: int
    key: bytes
    caused_by_us: str
    body: bytes


def unpack(packed: str) -> Arrival:
    """Return the record in a packed string (see sql/jobs/detector_input.sql for its form)."""
    partition, offset, kafka_ms, key_size, cause_size, rest = packed.split(",", 5)
    key_end = int(key_size)
    cause_end = key_end + int(cause_size)
    raw = rest.encode("latin-1")
    cause = rest[key_end:cause_end]
    trusted = cause if cause.isascii() and cause.isdigit() else ""
    return Arrival(int(partition), int(offset), int(kafka_ms), raw[:key_end], trusted, raw[cause_end:])


def output_type() -> TypeInformation:
    """Return the type of what the function sends: where to, the key, the payload, two clocks, what holds it back."""
    names = ["target", "customer_id", "payload", "kafka_ms", "caused_by_us", "produced_at_us", "held_back"]
    text = Types.STRING()
    return Types.ROW_NAMED(names, [text, text, text, Types.LONG(), text, text, text])


class DetectFraud(KeyedBroadcastProcessFunction):
    """Runs the validator and the engine over each customer's purchases, with the rules that are published meanwhile.

    Args:
        plan: What the job was submitted with, the rule records included.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def open(self, runtime_context: RuntimeContext) -> None:
        """Compile contracts and rules in the task manager."""
        plan = self._plan
        self._horizons = horizons = load_horizons(Path(plan.contracts_dir))
        self._topic = plan.topics[0].name
        self._validate = validator_of(plan.contracts_dir, plan.base_currency, plan.contract_build)
        self._engine = Engine(RuleBook.from_records(plan.rule_records), horizons)
        self._state = runtime_context.get_state(ValueStateDescriptor("customer", Types.PICKLED_BYTE_ARRAY()))
        self._forget_after_ms = 2 * horizons.retention_s * 1000
        self._newest_ms: int | None = None
        self._restored = False
        group = runtime_context.get_metrics_group()
        kinds = ("rejected", "unscored", "late", "duplicate", "conflict", "decided")
        self._counters = {kind: group.counter(f"purchases_{kind}") for kind in kinds}
        # Counters that are set: they live in the JVM, where a gauge would call Python from the thread that is asked.
        self._position, self._refused = group.counter(RULES_POSITION), group.counter(RULES_REFUSED)
        self._valve = Valve(plan.valve_share, plan.valve_purchases)
        self._held_back = {rule: group.counter(f"{HELD_BACK}{rule}") for rule in Valve.rules}
        self._shut: tuple[str, ...] = ()
        self._shut_bits = group.counter(VALVE_SHUT)

    def process_broadcast_element(self, value: Row, ctx: KeyedBroadcastProcessFunction.Context) -> Sequence[Row]:
        """Take one rule record; from here on it counts by its `effective_from`, not by the moment of its arrival."""
        rules = ctx.get_broadcast_state(RULES)
        self._restore(rules)
        if self._learn(value[1]):
            rules.put(value[0], value[1])
        return ()

    def process_element(self, value: str, ctx: KeyedBroadcastProcessFunction.ReadOnlyContext) -> Sequence[Row]:
        """Take one record; returns what to send, usually nothing."""
        if not self._restored:
            self._restore(ctx.get_broadcast_state(RULES))
        arrival = unpack(value)
        verdict = self._validate(self._topic, arrival.key, arrival.body, arrival.kafka_ms)
        record, event_time_us = verdict.record, verdict.event_time_us
        if verdict.reason is not None or record is None or event_time_us is None:
            self._counters["rejected"].inc()
            return ()
        purchase = purchase_from_record(record, event_time_us)
        stored: bytes | None = self._state.value()
        if stored is None:
            self._set_alarm(ctx)
        self._newest_ms = max(arrival.kafka_ms, self._newest_ms or 0)
        self._valve.purchase()
        if self._valve.shut != self._shut:
            self._tell_shut()
        after, outcomes = self._engine.process(
            stored and stored[_STAMP_BYTES:], purchase, Position(arrival.partition, arrival.offset)
        )
        self._state.update(arrival.kafka_ms.to_bytes(_STAMP_BYTES, "big", signed=True) + after)
        if len(outcomes) == 1 and outcomes[0] is SCORED:
            return ()
        return self._rows(arrival, record, outcomes)

    def on_timer(self, timestamp: int, ctx: KeyedBroadcastProcessFunction.OnTimerContext) -> Sequence[Row]:
        """Free a customer's memory, if the log has moved on so far that the engine would start afresh anyway.

        The alarm rings by the machine's clock, but only the log decides: after a restart it may ring before the first
        record, and a backlog must find its state.
        """
        stored: bytes | None = self._state.value()
        if stored is not None:
            last_ms = int.from_bytes(stored[:_STAMP_BYTES], "big", signed=True)
            if self._newest_ms is not None and self._newest_ms - last_ms > self._forget_after_ms:
                self._state.clear()
            else:
                self._set_alarm(ctx)
        return ()

    def _restore(self, rules: Any) -> None:
        """After a restart, learn again what was published since the submission; state cannot be read before now."""
        if not self._restored:
            self._restored = True
            known = [packed for _, packed in rules.items()]
            for packed in sorted(known, key=lambda packed: unpack(packed)[:2]):
                self._learn(packed)

    def _learn(self, packed: str) -> bool:
        """Add a rule record to the book, if contract and book take it, and acknowledge that it was judged."""
        arrival = unpack(packed)
        why = self._admit(arrival)
        _set(self._position, arrival.offset + 1)
        if why is not None:
            _set(self._refused, arrival.offset + 1)
            get_logger(job=self._plan.job, topic=self._plan.rules, offset=arrival.offset).warning("left out", why=why)
        return why is None

    def _admit(self, arrival: Arrival) -> str | None:
        """Take a rule record into the book; returns why not. `streamflow rules list` says the same of it."""
        verdict = self._validate(self._plan.rules, arrival.key, arrival.body, arrival.kafka_ms)
        if verdict.reason is not None or verdict.record is None:
            return verdict.detail or str(verdict.reason)
        try:
            self._engine.book = admit(self._engine.book, verdict.record, self._horizons)
        except InputError as error:
            return str(error)
        return None

    def _set_alarm(self, ctx: KeyedBroadcastProcessFunction.ReadOnlyContext) -> None:
        """Ring once after twice the retention, at a full day, so that alarms of many customers fall together."""
        timers = ctx.timer_service()
        due = timers.current_processing_time() + self._forget_after_ms
        timers.register_processing_time_timer((due // _DAY_MS + 1) * _DAY_MS)

    def _rows(self, arrival: Arrival, record: dict[str, Any], outcomes: list[Outcome]) -> list[Row]:
        plan, rows = self._plan, []
        for outcome in outcomes:
            if outcome is SCORED:
                continue
            self._counters[outcome.kind].inc()
            if isinstance(outcome, Decided):
                decision = outcome.decision
                if outcome.to_decisions:
                    rows.append(_row(plan.decisions, decision.customer_id, decision.payload(), arrival))
                if outcome.to_alerts:
                    held = self._hold_back(decision)
                    rows.append(_row(plan.alerts, decision.customer_id, decision.alert_payload(), arrival, held))
            elif isinstance(outcome, LatePurchase):
                payload = late_payload(outcome, record, plan.topics[0].log_id)
                rows.append(_row(plan.late, outcome.purchase.customer_id, payload, arrival))
        return rows

    def _tell_shut(self) -> None:
        """Tell the operator that the valve holds back other rules' alerts than before."""
        self._shut = self._valve.shut
        _set(self._shut_bits, sum(1 << Valve.rules.index(rule) for rule in self._shut))
        get_logger(job=self._plan.job).warning("safety valve", held_back=list(self._shut) or "nothing any more")

    def _hold_back(self, decision: Decision) -> str:
        """Return the rules for which an alert is held back from delivery; empty when it is not."""
        card = self._engine.book.cards[decision.rule_set]
        held = self._valve.hold_back(decision, card.rule_set.alert_threshold_ulo)
        for rule in held:
            self._held_back[rule].inc()
        return ",".join(held)


def _set(counter: Any, value: int) -> None:
    counter.inc(value - counter.get_count())


def late_payload(outcome: LatePurchase, record: dict[str, Any], log_id: str) -> dict[str, Any]:
    """Return the transactions.late record of a purchase behind its customer's watermark."""
    purchase = outcome.purchase
    return {
        "schema_version": LATE_VERSION,
        "transaction_id": purchase.transaction_id,
        "customer_id": purchase.customer_id,
        "event_timestamp": format_us(purchase.event_time_us),
        "watermark": format_us(outcome.watermark_us),
        "source_log_id": log_id,
        "source_partition": outcome.position.partition,
        "source_offset": outcome.position.offset,
        "purchase": record,
    }


def _row(target: str, customer_id: str, payload: dict[str, Any], arrival: Arrival, held_back: str = "") -> Row:
    text = msgspec.json.encode(payload).decode("utf-8")
    sent_us = str(time.time_ns() // 1000)
    return Row(target, customer_id, text, arrival.kafka_ms, arrival.caused_by_us, sent_us, held_back)
