"""How fast the engine is on its own: state bytes in, state bytes out, five rules, one core, few or many customers.

Every customer has a history before the clock starts, and buys as often whatever their number is: what differs between
a thousand customers and a million is the number of states alone, as in a detector that has run for a while.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from streamflow.bench.measures import Measure, Section
from streamflow.contracts.released import newest_released
from streamflow.contracts.rule_sets import RuleSet, load_horizons, load_rule_set
from streamflow.rules.book import RuleBook
from streamflow.rules.engine import Engine
from streamflow.rules.model import Position, Purchase
from streamflow.settings import Settings

START_US = 1_772_442_000_000_000
DAY_US = 86_400_000_000
CUSTOMERS = (1_000, 10_000, 100_000, 1_000_000)
EVENTS = 200_000
HISTORY, A_DAY = 20, 2
"""Purchases of each customer before the clock starts, and a day."""
PATTERNS = 1_000
"""Different customers; beyond so many each is a copy of one, with a state of its own."""
SEED = 7
METHOD = (
    "The engine alone, one process, states as encoded bytes in a dict as the job keeps them in Flink. Each customer "
    f"has {HISTORY} purchases behind it and makes {A_DAY} a day; then {EVENTS:,} purchases of customers drawn at "
    "random are judged by the newest released rule set and the states written back. CPU seconds are counted, so other "
    "work on the machine disturbs less. State is measured at the end, over all customers."
)


@dataclass(frozen=True, slots=True)
class Speed:
    """One measurement.

    Attributes:
        customers: How many customers the purchases came from.
        events_per_s: Purchases a second of one core.
        decided: Share of purchases with a decision to send.
        state_bytes_p50: Median size of a customer's state at the end.
        state_bytes_p99: Its 99th percentile.
    """

    customers: int
    events_per_s: float
    decided: float
    state_bytes_p50: int
    state_bytes_p99: int


def engine(settings: Settings, runs: int, say: Callable[[str], None]) -> Section:
    """Measure the engine with more and more customers.

    Args:
        settings: Say where the contracts are.
        runs: How often each; the median is told.
        say: Told what is being done.
    """
    folder = settings.contracts_dir
    rule_set = load_rule_set(newest_released(folder, "fraud_rules"), folder)
    rates, sizes, first = list[Measure](), list[Measure](), ""
    for customers in CUSTOMERS:
        found = [measure(rule_set, EVENTS, customers) for _ in range(runs)]
        name = f"{customers:,} customers"
        rate = statistics.median(one.events_per_s for one in found)
        say(f"engine, {name}: {rate:,.0f} events/s")
        note = f"{found[0].decided:.1%} with a decision to send"
        rates.append(Measure(name, "events/s", [one.events_per_s for one in found], first, note))
        first = first or name
        for share, size in (("p50", found[0].state_bytes_p50), ("p99", found[0].state_bytes_p99)):
            sizes.append(Measure(f"state of a customer, {share}, {name}", "bytes", [float(size)]))
    return Section("The engine alone", METHOD, [*rates, *sizes])


def measure(rule_set: RuleSet, events: int, customers: int) -> Speed:
    """Measure one run.

    Args:
        rule_set: What judges.
        events: Purchases that are counted.
        customers: How many customers they come from.
    """
    record = {
        "kind": "rule_set",
        "version": rule_set.version,
        "effective_from": "1970-01-01T00:00:00Z",
        "role": "live",
        "rule_set": rule_set.payload(),
    }
    judge = Engine(RuleBook.from_records([record]), load_horizons())
    habits = [_Habit(number) for number in range(min(customers, PATTERNS))]
    patterns = [_warmed(judge, habit) for habit in habits]
    # A copy for each customer: a dict of a million states must hold a million objects.
    states = {f"c-{number:07d}": bytes(bytearray(patterns[number % len(patterns)])) for number in range(customers)}
    log = _log(habits, events, customers)
    decided = 0
    began = time.process_time()
    for offset, purchase in enumerate(log):
        state, outcomes = judge.process(states.get(purchase.customer_id), purchase, Position(0, offset))
        states[purchase.customer_id] = state
        decided += len(outcomes) > 1
    rate = events / (time.process_time() - began)
    sizes = sorted(map(len, states.values()))
    return Speed(customers, rate, decided / events, sizes[len(sizes) // 2], sizes[len(sizes) * 99 // 100])


class _Habit:
    """A customer with a home and a usual amount; the normal case, few purchases of it odd."""

    def __init__(self, number: int) -> None:
        self.random = random.Random(SEED * 1_000_000 + number)  # noqa: S311
        self.mean = self.random.lognormvariate(8, 1)
        self.latitude, self.longitude = self.random.uniform(-60, 60), self.random.uniform(-179, 179)

    def purchase(self, customer: int, number: int, time_us: int) -> Purchase:
        """Return its next one."""
        rng = self.random
        return Purchase(
            f"c-{customer:07d}",
            f"t-{number:09d}",
            time_us,
            int(self.mean * rng.lognormvariate(0, 0.3)) + 1,
            60,
            f"m-{rng.randrange(500):04d}",
            self.latitude + rng.random() / 10,
            self.longitude + rng.random() / 10,
            rng.getrandbits(62),
        )


def _warmed(judge: Engine, habit: _Habit) -> bytes:
    """Return the state of a customer after its history."""
    state: bytes | None = None
    days = HISTORY / A_DAY
    times = sorted(habit.random.randrange(int(days * DAY_US)) for _ in range(HISTORY))
    for number, time_us in enumerate(times):
        before = START_US - int(days * DAY_US) + time_us
        state, _ = judge.process(state, habit.purchase(0, -number - 1, before), Position(0, number))
    return state or b""


def _log(habits: list[_Habit], events: int, customers: int) -> list[Purchase]:
    """Return purchases in time order, so many a customer and day as in its history."""
    rng = random.Random(SEED)  # noqa: S311
    span_us = max(1, events * DAY_US // (customers * A_DAY))
    times = sorted(rng.randrange(span_us) for _ in range(events))
    drawn = [rng.randrange(customers) for _ in times]
    return [
        habits[customer % len(habits)].purchase(customer, number, START_US + time_us)
        for number, (time_us, customer) in enumerate(zip(times, drawn, strict=True))
    ]
