"""Which of several possible frauds fits what was measured: shares of fraud an hour, a tenth of the time and a class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from streamflow.generator.scenarios.stage import HOUR_US, Draft
from streamflow.generator.spline import Floats
from streamflow.generator.world import World

MOST_CANDIDATES, LEAST_CANDIDATES = 16, 4
ALL_CANDIDATES = 20_000
"""Rather fewer candidates an episode than more fraud to look through; many episodes even out by themselves."""


class Quotas:
    """Counts fraud by kind as it is planned and says how far a further episode leads from the shares wanted.

    A scenario keeps its story: it is never moved to another hour; another victim, or another time of theirs, is chosen.
    """

    def __init__(self, world: World) -> None:
        """Read the shares wanted.

        Args:
            world: Who and what; its figures may name shares of hours, tenths and products.
        """
        plan, figures = world.plan, world.parameters.fraud
        self._start_us, self._length_us = plan.start_us, plan.traffic_end_us - plan.start_us
        self._per_class = world.parameters.reference.products_per_class
        products = figures.products
        self._wanted: list[Floats | None] = [
            None if figures.hours is None else np.array(figures.hours),
            None if figures.tenths is None else np.array(figures.tenths),
            None if products is None else np.array([products.get(name, 0.0) for name in world.classes]),
        ]
        self._counts = [np.zeros(24), np.zeros(10), np.zeros(len(world.classes))]

    def candidates(self, purchases: int) -> int:
        """Return among how many possible frauds to choose; one where no shares are wanted at all.

        Args:
            purchases: Fraudulent purchases of the run.
        """
        if all(wanted is None for wanted in self._wanted):
            return 1
        return min(MOST_CANDIDATES, max(LEAST_CANDIDATES, ALL_CANDIDATES // max(1, purchases)))

    def _kinds(self, drafts: Sequence[Draft]) -> list[list[int]]:
        fraud = [draft for draft in drafts if draft.is_fraud]
        return [
            [draft.event_us // HOUR_US % 24 for draft in fraud],
            [min(9, (draft.event_us - self._start_us) * 10 // self._length_us) for draft in fraud],
            [draft.product // self._per_class for draft in fraud],
        ]

    def distance(self, drafts: Sequence[Draft]) -> float:
        """Return how far the counts would lie from the shares wanted with these drafts: chi-squared, summed."""
        total = 0.0
        for wanted, counts, kinds in zip(self._wanted, self._counts, self._kinds(drafts), strict=True):
            if wanted is not None:
                after = counts + np.bincount(kinds, minlength=len(counts))
                expected = wanted * after.sum()
                total += float((np.square(after - expected) / (expected + 1)).sum())
        return total

    def add(self, drafts: Sequence[Draft]) -> None:
        """Count the fraud of an episode."""
        for counts, kinds in zip(self._counts, self._kinds(drafts), strict=True):
            np.add.at(counts, kinds, 1)
