"""How far two weighted samples lie apart: Wasserstein-1, Kolmogorov-Smirnov, total variation; and noise by halves."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
SPLITS = 7


class Sample(NamedTuple):
    """Values with weights; both of shape (rows,)."""

    values: Floats
    weights: Floats

    @property
    def spread(self) -> float:
        """The weighted standard deviation; 0 without rows."""
        if not len(self.values) or not self.weights.sum():
            return 0.0
        mean = np.average(self.values, weights=self.weights)
        return float(np.sqrt(np.average(np.square(self.values - mean), weights=self.weights)))

    def where(self, chosen: Bools) -> Sample:
        """Return some of the rows."""
        return Sample(self.values[chosen], self.weights[chosen])


def _cumulated(one: Sample, other: Sample) -> tuple[Floats, Floats]:
    """Return the sorted values of both, and one distribution function less the other's after each of them."""
    values = np.concatenate((one.values, other.values))
    mass = np.concatenate((one.weights / one.weights.sum(), -other.weights / other.weights.sum()))
    order = np.argsort(values, kind="stable")
    return values[order], np.cumsum(mass[order])


def wasserstein(one: Sample, other: Sample) -> float:
    """Return the Wasserstein-1 distance, in the unit of the values; infinite where just one sample is empty."""
    if not len(one.values) or not len(other.values):
        return 0.0 if len(one.values) == len(other.values) else float("inf")
    values, apart = _cumulated(one, other)
    return float(np.abs(apart[:-1]) @ np.diff(values))


def kolmogorov_smirnov(one: Sample, other: Sample) -> float:
    """Return the largest difference of the distribution functions; 1 where just one sample is empty."""
    if not len(one.values) or not len(other.values):
        return 0.0 if len(one.values) == len(other.values) else 1.0
    values, apart = _cumulated(one, other)
    # Within a tie the order of the rows says nothing: only the last of equal values counts.
    last = np.concatenate((values[1:] != values[:-1], [True]))
    return float(np.abs(apart[last]).max())


def total_variation(one: Floats, other: Floats) -> float:
    """Return half the summed difference of the shares of kinds; masses of any scale, 1 where just one is empty."""
    if not one.sum() or not other.sum():
        return 0.0 if one.sum() == other.sum() else 1.0
    return float(np.abs(one / one.sum() - other / other.sum()).sum() / 2)


def halves_apart(
    distance: Callable[[Bools], float], groups: Ints, rng: np.random.Generator, splits: int = SPLITS
) -> float:
    """Return the noise floor of a distance: its median between random halves of one sample.

    Args:
        distance: From the rows of one half, shape (rows,), to the distance between the two halves.
        groups: Number of each row's customer, from 0; whole customers go into a half.
        rng: Source of the halves.
        splits: How many times.
    """
    count = int(groups.max(initial=-1)) + 1
    found = []
    for _ in range(splits):
        first = np.zeros(count, dtype=np.bool_)
        first[rng.permutation(count)[: count // 2]] = True
        found.append(distance(first[groups]))
    return float(np.median(found))
