"""One customer's state at the moment of one decision, rebuilt from the log.

The customer's records are run through the engine in the order of their log; each time that it decides about the
purchase in question, the state that it decided by is kept. The last of them is the moment that the decision rests on.
A late purchase is judged when its record comes, by what precedes it in event time (ADR 0019).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from streamflow.contracts import Validator
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.replay.engine import LogRecord
from streamflow.replay.late import Timeline, late_engine
from streamflow.rules.engine import Engine
from streamflow.rules.geographic import distance_km
from streamflow.rules.history import CustomerState, Sums
from streamflow.rules.model import Decided, Decision, Position, Purchase, purchase_from_record
from streamflow.rules.time_anomaly import deviation_min, mean_minute


@dataclass(frozen=True)
class Entry:
    """One purchase of the customer, as it came.

    Attributes:
        purchase: The purchase.
        position: Where its record stands.
        disposition: scored, unscored, late, duplicate or conflict.
    """

    purchase: Purchase
    position: Position
    disposition: str


@dataclass(frozen=True)
class Habits:
    """What the rules knew of the customer just before the purchase.

    Attributes:
        purchases: Earlier purchases.
        legitimate: Of them, those that the rule set did not flag; the average is over these.
        average_minor: Their average amount, minor units; None without any.
        usual_minute: Circular mean of the local minutes of day; None without earlier purchases.
        spread_min: Circular standard deviation of them, minutes; None without earlier purchases.
    """

    purchases: int
    legitimate: int
    average_minor: int | None
    usual_minute: float | None
    spread_min: float | None


@dataclass(frozen=True)
class Moment:
    """What a replay says about one purchase.

    Attributes:
        decision: The last decision about it; None when the replay says nothing about it.
        habits: What it was decided by; None without a decision.
        entries: Every purchase of the customer, in the order of the log.
    """

    decision: Decision | None
    habits: Habits | None
    entries: tuple[Entry, ...]

    def around(self, before: int, after: int) -> list[Entry]:
        """Return the purchases around the one decided about, by event time, itself included."""
        if self.decision is None:
            return []
        ordered = sorted(self.entries, key=_when)
        mine = (self.decision.event_time_us, self.decision.transaction_id)
        place = next(number for number, one in enumerate(ordered) if _when(one)[:2] == mine)
        return ordered[max(0, place - before) : place + after + 1]


def rebuild(
    records: Iterable[LogRecord], validator: Validator, engine: Engine, transaction_id: str, rule_set: str
) -> Moment:
    """Rebuild what a customer's state was when a rule set decided about a purchase.

    Args:
        records: The customer's records of one log, in offset order.
        validator: The validator that the stream runs.
        engine: The engine, with the book of that log.
        transaction_id: The purchase.
        rule_set: Version of the rule set.

    Returns:
        The moment.
    """
    state = CustomerState()
    timeline = Timeline(late_engine(engine.book, engine.horizons))
    known: set[str] = set()
    entries: list[Entry] = []
    decision: Decision | None = None
    habits: Habits | None = None
    for record in records:
        verdict = validator(TRANSACTIONS_RAW, record.key, record.body, record.kafka_timestamp_ms)
        if verdict.record is None or verdict.event_time_us is None:
            continue
        purchase = purchase_from_record(verdict.record, verdict.event_time_us)
        position = Position(record.partition, record.offset)
        outcomes = engine.process_state(state, purchase, position)
        kind = outcomes[0].kind
        if kind == "late" and purchase.transaction_id == transaction_id:
            judged = [one for one in timeline.judge(purchase) if one.rule_set == rule_set]
            decision = judged[0] if judged else None
            habits = _habits_of(timeline.state_before(purchase).tip, rule_set) if judged else None
        if purchase.transaction_id not in known:
            known.add(purchase.transaction_id)
            timeline.add(purchase)
        entries.append(Entry(purchase, position, kind))
        for outcome in outcomes:
            if isinstance(outcome, Decided) and (outcome.decision.transaction_id, outcome.decision.rule_set) == (
                transaction_id,
                rule_set,
            ):
                decision, habits = outcome.decision, _habits(engine, state, transaction_id, rule_set)
    return Moment(decision, habits, tuple(entries))


def _habits(engine: Engine, state: CustomerState, transaction_id: str, rule_set: str) -> Habits:
    """Fold settled state up to a pending purchase: what it was decided about is always still pending."""
    sums: Sums = state.settled
    for item in state.pending:
        if item.purchase.transaction_id == transaction_id:
            break
        sums = engine.fold(sums, item)
    return _habits_of(sums, rule_set)


def _habits_of(sums: Sums, rule_set: str) -> Habits:
    total, count = sums.lane(rule_set)
    known = sums.count > 0
    return Habits(
        purchases=sums.count,
        legitimate=count,
        average_minor=(2 * total + count) // (2 * count) if count else None,
        usual_minute=mean_minute(sums) if known else None,
        spread_min=deviation_min(sums) if known else None,
    )


def apart_km(one: Purchase, other: Purchase) -> float | None:
    """Return the great-circle distance between two purchases, kilometres; None where a place is not known."""
    if one.latitude is None or one.longitude is None or other.latitude is None or other.longitude is None:
        return None
    return distance_km(one.latitude, one.longitude, other.latitude, other.longitude)


def _when(entry: Entry) -> tuple[int, str, int]:
    return entry.purchase.event_time_us, entry.purchase.transaction_id, entry.position.offset
