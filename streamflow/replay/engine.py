"""Replay: stored records through the validator and the engine that the stream runs.

Reads records partition by partition, or interleaved, but each partition in offset order; that order is all that
decisions depend on. States of customers beyond a bound are kept encoded, so that memory grows by a few hundred bytes a
customer and not by their objects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from streamflow.contracts import Validator
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.errors import StreamFlowError
from streamflow.rules.engine import Engine
from streamflow.rules.history import CustomerState, decode, encode
from streamflow.rules.model import Decided, Decision, Outcome, Position, Purchase, purchase_from_record

HOT_CUSTOMERS = 50_000

DecisionKey = tuple[str, str, str]
"""customer_id, transaction_id, rule set version."""


class LogRecord(NamedTuple):
    """One record of a log, byte for byte as it was sent."""

    partition: int
    offset: int
    key: bytes | None
    body: bytes | None
    kafka_timestamp_ms: int


@dataclass
class ReplayResult:
    """What a log led to.

    Attributes:
        decisions: The final decision of each purchase and rule set that was ever sent, withdrawn ones included.
        dispositions: Accepted purchases by what became of them: scored, unscored, late, duplicate, conflict.
        rejected: Rejected records by reason.
        records: Records read.
        sent: Decision records sent, revisions included.
    """

    decisions: dict[DecisionKey, Decision] = field(default_factory=dict)
    dispositions: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    records: int = 0
    sent: int = 0

    @property
    def scored(self) -> int:
        """Purchases that entered evaluation."""
        return self.dispositions["scored"]

    @property
    def unscored(self) -> int:
        """Purchases at whose event time no live rule set was in force; more than none is an error to look into."""
        return self.dispositions["unscored"]

    @property
    def late(self) -> int:
        """Purchases at or behind their customer's watermark."""
        return self.dispositions["late"]

    @property
    def duplicates(self) -> int:
        """Records of a known purchase with equal content."""
        return self.dispositions["duplicate"]

    @property
    def conflicts(self) -> int:
        """Records of a known purchase with other content."""
        return self.dispositions["conflict"]

    @property
    def standing(self) -> dict[DecisionKey, Decision]:
        """Decisions that still say something at the end: the same for every arrival order within the bound."""
        return {key: item for key, item in self.decisions.items() if item.fired}

    @property
    def alerts(self) -> dict[DecisionKey, Decision]:
        """The live decisions that stand as alerts at the end."""
        return {key: item for key, item in self.decisions.items() if item.is_alert and item.role == "live"}

    def alerts_by_rule(self) -> dict[str, int]:
        """Count standing alerts by each rule that weighs in them; an alert counts for every such rule."""
        return dict(Counter(rule for decision in self.alerts.values() for rule in decision.fired))


class Customers:
    """States by customer: the recent ones as objects, the others encoded.

    Args:
        hot: How many are kept as objects before all of them are encoded.
    """

    def __init__(self, hot: int = HOT_CUSTOMERS) -> None:
        self._hot: dict[str, CustomerState] = {}
        self._cold: dict[str, bytes] = {}
        self._limit = hot

    def state(self, customer_id: str) -> CustomerState:
        """Return a customer's state, to be changed in place before another customer is asked for."""
        state = self._hot.get(customer_id)
        if state is None:
            if len(self._hot) >= self._limit:
                self._cold.update((key, encode(value)) for key, value in self._hot.items())
                self._hot.clear()
            state = self._hot[customer_id] = decode(self._cold.pop(customer_id, None))
        return state


def replay(
    records: Iterable[LogRecord],
    validator: Validator,
    engine: Engine,
    on_outcome: Callable[[Purchase, Outcome], None] | None = None,
    hot_customers: int = HOT_CUSTOMERS,
) -> ReplayResult:
    """Run stored transactions.raw records through validator and engine.

    Args:
        records: Records of one log, each partition in offset order.
        validator: The validator that the stream runs.
        engine: The engine, with the book of that log.
        on_outcome: Called with the purchase of the record and each outcome, in order.
        hot_customers: Customers kept as objects; a matter of memory only.

    Returns:
        Final decisions and counts.

    Raises:
        StreamFlowError: A partition's offsets do not ascend.
    """
    result = ReplayResult()
    customers = Customers(hot_customers)
    newest: dict[int, int] = {}
    for record in records:
        if record.offset <= newest.get(record.partition, -1):
            raise StreamFlowError(
                f"Partition {record.partition} is not in offset order: {record.offset} comes after "
                f"{newest[record.partition]}."
            )
        newest[record.partition] = record.offset
        result.records += 1
        verdict = validator(TRANSACTIONS_RAW, record.key, record.body, record.kafka_timestamp_ms)
        if verdict.reason is not None or verdict.record is None or verdict.event_time_us is None:
            result.rejected[verdict.reason or "rejected"] += 1
            continue
        purchase = purchase_from_record(verdict.record, verdict.event_time_us)
        state = customers.state(purchase.customer_id)
        outcomes = engine.process_state(state, purchase, Position(record.partition, record.offset))
        _tally(result, purchase, outcomes, on_outcome)
    return result


def _tally(
    result: ReplayResult,
    purchase: Purchase,
    outcomes: list[Outcome],
    on_outcome: Callable[[Purchase, Outcome], None] | None,
) -> None:
    for outcome in outcomes:
        if isinstance(outcome, Decided):
            decision = outcome.decision
            result.decisions[decision.customer_id, decision.transaction_id, decision.rule_set] = decision
            result.sent += outcome.to_decisions
        else:
            result.dispositions[outcome.kind] += 1
        if on_outcome is not None:
            on_outcome(purchase, outcome)
