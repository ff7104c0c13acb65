"""How often the gate before a promotion errs: candidates that lose, or do not, judged on made-up frauds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from streamflow.backtest.gate import Frauds, result_of
from streamflow.bench.measures import Measure, Section
from streamflow.settings import GateSettings
from streamflow.statistics.intervals import wilson

COMPARISONS = 600
CAUGHT = 0.6
"""Share of the frauds that the rule set in force catches."""
SEED = 17
CHANGES = {"10 points lost": -0.10, "5 points lost": -0.05, "no loss": 0.0, "5 points gained": 0.05}


@dataclass(frozen=True)
class World:
    """Frauds that two rule sets look at.

    Attributes:
        frauds: How many.
        a_customer: How many each customer has; a rule set catches all of a customer's or none.
        differing: Share of the frauds on which the two differ by chance, half of them gained, half lost.
    """

    frauds: int
    a_customer: int
    differing: float

    @property
    def name(self) -> str:
        """What a table calls it."""
        return f"{self.frauds} frauds, {self.a_customer} a customer, {self.differing:.0%} differ by chance"

    def drawn(self, change: float, rng: np.random.Generator) -> Frauds:
        """Draw one comparison.

        Args:
            change: By how much more of all frauds the candidate is expected to catch.
            rng: Source of the draw.
        """
        customers = -(-self.frauds // self.a_customer)
        group = np.arange(self.frauds) // self.a_customer
        lost, gained = self.differing / 2 + max(-change, 0), self.differing / 2 + max(change, 0)
        place = rng.random(customers)
        # Of all customers: both catch, only the one in force does, only the candidate, neither.
        against = place < CAUGHT
        candidate = (place < CAUGHT - lost) | ((place >= CAUGHT) & (place < CAUGHT + gained))
        return Frauds(group, candidate[group], against[group].astype(np.float64))


WORLDS = (
    World(50, 1, 0.04),
    World(50, 3, 0.04),
    World(100, 1, 0.04),
    World(100, 3, 0.04),
    World(300, 1, 0.04),
    World(300, 1, 0.20),
    World(300, 3, 0.04),
)
METHOD = (
    f"{COMPARISONS} made-up comparisons in each line, judged as the gate judges recall, with the usual five points "
    f"that may be lost. The rule set in force catches {CAUGHT:.0%} of the frauds; a customer's frauds are caught "
    "together or not at all. The candidate differs on some customers by chance, and loses or gains the stated points "
    "beyond that. A pass of a candidate that loses ten points is the error that matters; intervals are Wilson's, seed "
    f"{SEED}."
)


def gate_errors(
    say: Callable[[str], None], *, worlds: tuple[World, ...] = WORLDS, comparisons: int = COMPARISONS
) -> Section:
    """Measure how often candidates pass.

    Args:
        say: Told what is being done.
        worlds: Others than the usual ones.
        comparisons: How many in each line.
    """
    measures = []
    for world in worlds:
        for name, change in CHANGES.items():
            passes = passed(world, change, comparisons)
            ends = wilson(passes, comparisons)
            note = f"{ends.low:.1%} to {ends.high:.1%}"
            measures.append(Measure(f"{world.name}: {name}", "% pass", [100 * passes / comparisons], note=note))
            say(f"{world.name}, {name}: {passes / comparisons:.1%} pass ({note})")
    return Section("Errors of the gate", METHOD, measures)


def passed(world: World, change: float, comparisons: int) -> int:
    """Count the comparisons in which recall passes."""
    may_lose = GateSettings().recall_loss
    rng = np.random.default_rng([SEED, world.frauds, world.a_customer, round(world.differing * 100)])
    count = 0
    for _ in range(comparisons):
        frauds = world.drawn(change, rng)
        gain = frauds.gain(np.ones(world.frauds), rng)
        count += gain is not None and result_of(gain.value + may_lose, gain.low + may_lose) == "passed"
    return count
