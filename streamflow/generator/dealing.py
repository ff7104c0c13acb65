"""How habits are given to customers: drawn one by one, or dealt so that the shares come out even."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from streamflow.generator.spline import Floats, QuantileSpline

Ints = npt.NDArray[np.int64]
BLOCK = 50
POOL = 16


def choose(shares: object, u: Floats) -> Ints:
    """Return the kinds that numbers between 0 and 1 stand for.

    Args:
        shares: Weight of each kind, any scale.
        u: Shape (customers,).
    """
    weights = np.asarray(shares, dtype=float)
    found = np.searchsorted(np.cumsum(weights / weights.sum()), u, side="right")
    return np.asarray(found.clip(0, len(weights) - 1))


class Drawn:
    """Habits drawn independently."""

    def __init__(self, rng: np.random.Generator, count: int) -> None:
        """Remember the source and how many customers there are."""
        self._rng = rng
        self._count = count

    def activity(self, shape: float) -> Floats:
        """Return gamma variables of mean 1."""
        return self._rng.gamma(shape, 1 / shape, self._count)

    def activity_of(self, rates: QuantileSpline) -> Floats:
        """Return values of a measured distribution."""
        return rates(self.uniform())

    def uniform(self) -> Floats:
        """Return numbers between 0 and 1."""
        return self._rng.random(self._count)

    def normal(self) -> Floats:
        """Return standard normal variables."""
        return self._rng.normal(size=self._count)


class Dealt(Drawn):
    """Habits dealt: evenly within each block of fifty customers who buy about as much, in random order there.

    What is dealt has the same distribution as what is drawn. Its shares, weighted by how much customers buy, vary less:
    a block holds each kind as often as it should, a customer more or less.
    """

    def __init__(self, rng: np.random.Generator, count: int) -> None:
        """Begin with customers in the order of what they buy; `activity` puts that order at random."""
        super().__init__(rng, count)
        self._order = np.arange(count)

    def _means(self, pool: Floats) -> Floats:
        """Return the means of equal parts of a sorted pool: a sample without the noise of sampling."""
        return np.asarray(np.sort(pool).reshape(self._count, POOL).mean(axis=1))

    def activity(self, shape: float) -> Floats:
        """Return values of a gamma distribution of mean 1, evenly spread over its quantiles."""
        dealt = np.empty(self._count)
        self._order = self._rng.permutation(self._count)
        dealt[self._order] = self._means(self._rng.gamma(shape, 1 / shape, self._count * POOL))
        return dealt

    def activity_of(self, rates: QuantileSpline) -> Floats:
        """Return values of a measured distribution, evenly spread over its quantiles."""
        dealt = np.empty(self._count)
        self._order = self._rng.permutation(self._count)
        dealt[self._order] = rates((np.arange(self._count) + self._rng.random(self._count)) / self._count)
        return dealt

    def uniform(self) -> Floats:
        """Return numbers between 0 and 1, evenly spread in each block."""
        place = np.arange(self._count)
        block = place // BLOCK
        size = np.minimum(BLOCK, self._count - block * BLOCK)
        shuffled = np.lexsort((self._rng.random(self._count), block))
        dealt = np.empty(self._count)
        dealt[self._order[shuffled]] = (place % BLOCK + self._rng.random(self._count)) / size
        return dealt

    def normal(self) -> Floats:
        """Return standard normal values, evenly spread in each block."""
        pool = self._means(self._rng.normal(size=self._count * POOL))
        return pool[(self.uniform() * self._count).astype(np.int64)]
