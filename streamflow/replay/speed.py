"""How fast the engine is on its own: state bytes in, state bytes out, five rules, one core.

Run it as `python -m streamflow.replay.speed`. CPU seconds are counted, so other work on the machine disturbs little.
"""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import dataclass

from streamflow.contracts.rule_sets import load_horizons, load_rule_set
from streamflow.rules.book import RuleBook
from streamflow.rules.engine import Engine
from streamflow.rules.model import Position, Purchase

START_US = 1_772_442_000_000_000
DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Speed:
    """One measurement.

    Attributes:
        customers: How many customers the purchases came from.
        events_per_s: Median over the runs, purchases a second of one core.
        decided: Share of purchases with a decision to send.
        state_bytes_p50: Median size of a customer's state at the end.
        state_bytes_p99: Its 99th percentile.
    """

    customers: int
    events_per_s: float
    decided: float
    state_bytes_p50: int
    state_bytes_p99: int


def purchases(count: int, customers: int, days: int, seed: int = 7) -> list[Purchase]:
    """Return purchases in time order, of customers with a home and a usual amount; the normal case, few of them odd."""
    rng = random.Random(seed)  # noqa: S311
    times = sorted(rng.randrange(days * DAY_US) for _ in range(count))
    made = []
    for number, time_us in enumerate(times):
        customer = rng.randrange(customers)
        home = random.Random(customer)  # noqa: S311
        amount = int(home.lognormvariate(8, 1) * rng.lognormvariate(0, 0.3)) + 1
        latitude, longitude = home.uniform(-60, 60) + rng.random() / 10, home.uniform(-179, 179) + rng.random() / 10
        made.append(
            Purchase(
                f"c-{customer:07d}",
                f"t-{number:09d}",
                START_US + time_us,
                amount,
                60,
                f"m-{rng.randrange(500):04d}",
                latitude,
                longitude,
                rng.getrandbits(62),
            )
        )
    return made


def measure(count: int, customers: int, days: int = 5, runs: int = 3, version: str = "1.0.0") -> Speed:
    """Measure the engine.

    Args:
        count: Purchases a run.
        customers: How many customers they come from.
        days: Days of event time that they spread over.
        runs: How often; the median counts.
        version: The rule set.

    Returns:
        The measurement.
    """
    record = {
        "kind": "rule_set",
        "version": version,
        "effective_from": "1970-01-01T00:00:00Z",
        "role": "live",
        "rule_set": load_rule_set(version).payload(),
    }
    engine = Engine(RuleBook.from_records([record]), load_horizons())
    log = purchases(count, customers, days)
    rates = []
    for _ in range(runs):
        states: dict[str, bytes] = {}
        decided = 0
        began = time.process_time()
        for offset, purchase in enumerate(log):
            state, outcomes = engine.process(states.get(purchase.customer_id), purchase, Position(0, offset))
            states[purchase.customer_id] = state
            decided += len(outcomes) > 1
        rates.append(count / (time.process_time() - began))
    sizes = sorted(map(len, states.values()))
    return Speed(
        customers, statistics.median(rates), decided / count, sizes[len(sizes) // 2], sizes[len(sizes) * 99 // 100]
    )


def main() -> None:
    """Print a measurement for a thousand, ten thousand and a hundred thousand customers."""
    for customers in (1_000, 10_000, 100_000):
        speed = measure(200_000, customers)
        print(
            f"{speed.customers:>9,} customers: {speed.events_per_s:>9,.0f} events/s, {speed.decided:.1%} decided, "
            f"state {speed.state_bytes_p50:,} bytes (p99 {speed.state_bytes_p99:,})"
        )


if __name__ == "__main__":
    main()
