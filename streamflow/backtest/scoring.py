"""Purchases through the engine, a bucket of customers at a time: weights of every purchase under each rule set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streamflow.backtest.collecting import Collector, LongState
from streamflow.backtest.gathering import Read
from streamflow.backtest.names import NameFile, Names, by_first
from streamflow.backtest.rows import Placed, Segment, bucket_of, load, segments_of
from streamflow.backtest.scored import Scored, Weights
from streamflow.backtest.workers import Workers
from streamflow.contracts.rule_sets import Horizons, RuleSet
from streamflow.datasets.table import Bools, Floats, Ints
from streamflow.rules.blacklist import Entry
from streamflow.rules.book import Activation, RuleBook
from streamflow.rules.compiler import compile_rule_set
from streamflow.rules.engine import Engine
from streamflow.rules.model import RULES, Position

_ALWAYS_US = -(2**62)


@dataclass(frozen=True)
class ScoreSetup:
    """What every bucket has in common.

    Attributes:
        rule_sets: Those to score by.
        horizons: How far the engine's state reaches.
        by_time: Whether a customer's purchases come by event time, as `produce` sends a file's; else in the order of
            the source.
        entries: Published blacklist entries; None where each purchase's risk is given.
    """

    rule_sets: tuple[RuleSet, ...]
    horizons: Horizons
    by_time: bool
    entries: tuple[Entry, ...] | None


@dataclass(frozen=True)
class ScoreTask:
    """One bucket.

    Attributes:
        setup: What all have in common.
        segments: Where its purchases stand.
        row: Rows whose merchant is listed.
        risk: Their merchants' risks.
    """

    setup: ScoreSetup
    segments: tuple[Segment, ...]
    row: Ints
    risk: Floats


@dataclass(frozen=True)
class Bucket:
    """What a bucket came to.

    Attributes:
        customers: Names of its customers.
        row: Rows that entered evaluation.
        customer: Place of each one's customer in `customers`.
        counts: Purchases that did not, by what became of them.
        found: By rule set, the rows on which a line weighs, and the five weights, shape (rows, 5).
    """

    customers: list[str]
    row: Ints
    customer: Ints
    counts: Counter[str]
    found: list[tuple[Ints, Weights]]


def score_bucket(task: ScoreTask) -> Bucket:
    """Score one bucket."""
    setup = task.setup
    listings = None if setup.entries is not None else _listings(task)
    collectors = [Collector(compile_rule_set(one), str(number), listings) for number, one in enumerate(setup.rule_sets)]
    engine = Engine(_book(collectors, setup.entries), setup.horizons)
    by_customer: dict[str, list[Placed]] = {}
    for one in load(task.segments):
        by_customer.setdefault(one.customer_id, []).append(one)
    rows, customers, counts = list[int](), list[int](), Counter[str]()
    position = Position(0, 0)
    # Customers do not know of each other, so one state at a time is enough.
    for number, placed in enumerate(by_customer.values()):
        if setup.by_time:
            placed.sort(key=_event_time)
        state = LongState()
        for one in placed:
            kind = engine.process_state(state, one, position)[0].kind
            if kind == "scored":
                rows.append(one.row)
                customers.append(number)
            else:
                counts[kind] += 1
    return Bucket(
        list(by_customer),
        np.array(rows, dtype=np.int64),
        np.array(customers, dtype=np.int64),
        counts,
        [_found(collector) for collector in collectors],
    )


def _event_time(one: Placed) -> int:
    return one.event_time_us


def _listings(task: ScoreTask) -> dict[int, Entry]:
    known: dict[float, Entry] = {}
    listings = {}
    for row, risk in zip(task.row.tolist(), task.risk.tolist(), strict=True):
        if risk not in known:
            known[risk] = Entry("", "", _ALWAYS_US, None, _ALWAYS_US, "", "calibration", risk)
        listings[row] = known[risk]
    return listings


def _book(collectors: Sequence[Collector], entries: tuple[Entry, ...] | None) -> RuleBook:
    cards = {one.version: one for one in collectors}
    # The first is live, the others are shadows: each keeps sums of its own, so none is moved by another's flags.
    roles = [Activation(_ALWAYS_US, one.version, "shadow" if at else "live") for at, one in enumerate(collectors)]
    return RuleBook(cards, roles, {one.entry_id: one for one in entries or ()})  # type: ignore[arg-type]


def _found(collector: Collector) -> tuple[Ints, Weights]:
    row = np.fromiter(collector.found, dtype=np.int64, count=len(collector.found))
    weights = np.array(list(collector.found.values()), dtype=np.int32).reshape(len(row), len(RULES))
    return row, weights


@dataclass(frozen=True)
class Result:
    """What all buckets came to; arrays in the order of the source.

    Attributes:
        scored: Which of the purchases that were read entered evaluation, shape (purchases read,).
        customer: Place of each one's customer in `customers`, shape (purchases read,); meaningless where not scored.
        customers: Names.
        counts: Purchases that did not enter evaluation, by what became of them.
        rule_sets: What each rule set said, of the purchases that did, in the order of the setup.
    """

    scored: Bools
    customer: Ints
    customers: Names
    counts: Counter[str]
    rule_sets: list[Scored]


def score(
    read: Read, setup: ScoreSetup, workers: Workers, risk: Floats | None, progress: Callable[[int], None]
) -> Result:
    """Score every bucket.

    Args:
        read: The purchases.
        setup: What to score by.
        workers: Who works.
        risk: Risk of each purchase's merchant, NaN where it is not listed; None where published entries count.
        progress: Called with the number of purchases done.

    Returns:
        The result; the same whatever the number of workers and of buckets.
    """
    row = read.row
    scored, customer = np.zeros(len(row), dtype=np.bool_), np.full(len(row), -1, dtype=np.int64)
    weights = [np.zeros((len(RULES), len(row)), dtype=np.int32) for _ in setup.rule_sets]
    names, named = NameFile(read.folder), 0
    counts, done = Counter[str](), 0
    for one in workers.run(score_bucket, _tasks(read, setup, risk)):
        at = np.searchsorted(row, one.row)
        scored[at], customer[at] = True, one.customer + named
        named += names.add(one.customers)
        counts += one.counts
        for target, (where, found) in zip(weights, one.found, strict=True):
            target[:, np.searchsorted(row, where)] = found.T
        done += len(at) + one.counts.total()
        progress(done)
    # Customers are numbered by their first purchase in the source, so that buckets leave no trace.
    order, number = by_first(customer, named)
    said = [_scored(one, found, scored) for one, found in zip(setup.rule_sets, weights, strict=True)]
    return Result(scored, number[customer], names.ordered(order), counts, said)


def _tasks(read: Read, setup: ScoreSetup, risk: Floats | None) -> Iterator[ScoreTask]:
    listed = np.zeros(0, dtype=np.int64) if risk is None else np.flatnonzero(~np.isnan(risk))
    risks = np.zeros(0) if risk is None else risk[listed]
    where = bucket_of(read.identity[listed], read.buckets)
    for bucket in range(read.buckets):
        segments = segments_of(read.parts, bucket)
        if segments:
            mine = where == bucket
            yield ScoreTask(setup, segments, read.row[listed[mine]], risks[mine])


def _scored(rule_set: RuleSet, weights: npt.NDArray[np.int32], scored: Bools) -> Scored:
    kept = weights if scored.all() else weights[:, scored]
    log_odds = kept.sum(axis=0, dtype=np.int64) + rule_set.prior_ulo
    by_rule: Mapping[str, Weights] = {rule: kept[at] for at, rule in enumerate(RULES)}
    return Scored(rule_set, log_odds, by_rule)
