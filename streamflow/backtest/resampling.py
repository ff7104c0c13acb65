"""Customers drawn anew, for all figures of a backtest at once, so that differences are paired.

Each resample draws every customer a Poisson number of times (Hanley and MacGibbon, Computers in Biology and Medicine
36, 2006). The first row of everything here is the sample itself, each customer once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from streamflow.datasets.table import Bools, Floats, Ints
from streamflow.statistics.ranking import Ranking

MAX_CLUSTERS = 50_000
CHUNK, BLOCK = 4_000_000, 2048
DENSE = 20_000_000
"""Up to so many numbers a sum for each is less work than putting the numbers in order."""

Times = npt.NDArray[np.uint8]
Clusters = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Resamples:
    """How often each customer is drawn.

    Attributes:
        cluster: Number of each row's cluster, shape (rows,).
        times: Shape (1 + resamples, clusters).
    """

    cluster: Clusters
    times: Times

    @classmethod
    def of(cls, customer: Ints, resamples: int, seed: int) -> Resamples:
        """Draw customers.

        Over MAX_CLUSTERS customers share their draws at random: the variance of a sum over random groups is that of
        the sum over customers, and a shop of ten million costs no more than one of fifty thousand.

        Args:
            customer: Number of each row's, from 0, shape (rows,).
            resamples: How many.
            seed: The same seed gives the same draws.
        """
        rng = np.random.default_rng([seed, *b"backtest"])
        there = np.zeros(int(customer.max(initial=-1)) + 1, dtype=np.bool_)
        there[customer] = True
        count = int(there.sum())
        number = np.cumsum(there, dtype=np.int32) - np.int32(1)
        if count > MAX_CLUSTERS:
            number, count = rng.integers(0, MAX_CLUSTERS, count).astype(np.int32)[number], MAX_CLUSTERS
        times = np.ones((1 + resamples, count), dtype=np.uint8)
        for one in range(1, len(times)):
            times[one] = rng.poisson(1.0, count)
        return cls(number[customer], times)

    def __len__(self) -> int:
        return len(self.times)

    def totals(self, columns: Iterable[tuple[str, Floats | Bools | Ints]]) -> dict[str, Floats]:
        """Sum columns of rows over the customers of each resample.

        Args:
            columns: Names and columns, shape (rows,); taken in turn, so that they need not be there at once.

        Returns:
            By name, shape (1 + resamples,).
        """
        clusters = self.times.shape[1]
        sums: dict[str, Floats] = {}
        for name, values in columns:
            # Most columns are about a few rows, and counting zeros takes as long as counting anything.
            some = np.flatnonzero(values)
            summed = np.bincount(self.cluster[some], values[some].astype(np.float64), clusters)
            sums[name] = np.asarray(summed, dtype=np.float64)
        each = np.column_stack(list(sums.values()))
        drawn = np.concatenate([self.times[rows] @ each for rows in self._chunks(clusters)])
        return {name: drawn[:, at] for at, name in enumerate(sums)}

    def masses(self, ranking: Ranking, *columns: Floats | Bools | Ints) -> Iterator[tuple[slice, list[Floats]]]:
        """Sum columns by distinct score, highest first, a few resamples at a time.

        Args:
            ranking: Of the rows.
            columns: Shape (rows,).

        Yields:
            Which resamples, and of each column the sums, shape (scores, resamples).
        """
        by_score = [_Masses.of(ranking, self.cluster, values) for values in columns]
        for rows in self._chunks(len(ranking.scores)):
            drawn = np.ascontiguousarray(self.times[rows].T)
            yield rows, [one.over(drawn) for one in by_score]

    def _chunks(self, width: int) -> Iterator[slice]:
        size = max(1, CHUNK // max(width, 1))
        for start in range(0, len(self), size):
            yield slice(start, min(start + size, len(self)))


@dataclass(frozen=True)
class _Masses:
    """Sums by score and cluster: score by score, each pair once.

    Attributes:
        scores: Number of distinct scores.
        cluster: Of each pair, shape (pairs,).
        mass: Of each pair, shape (pairs,).
        place: The distinct scores that have pairs.
        first: Where each of them begins.
    """

    scores: int
    cluster: Ints
    mass: Floats
    place: Ints
    first: Ints

    @classmethod
    def of(cls, ranking: Ranking, cluster: Clusters, values: Floats | Bools | Ints) -> _Masses:
        some = np.flatnonzero(values)
        width = int(cluster.max(initial=0)) + 1
        pairs, mass = _summed(ranking.place[some] * width + cluster[some], values[some], len(ranking.scores) * width)
        place, first = np.unique(pairs // width, return_index=True)
        return cls(len(ranking.scores), pairs % width, mass, place, first)

    def over(self, drawn: Times) -> Floats:
        """Sum over the draws of clusters, shape (clusters, resamples)."""
        summed = np.zeros((self.scores, drawn.shape[1]))
        # A few pairs at a time, all resamples of each: what is gathered then stays in the cache.
        ends = np.searchsorted(self.first, np.arange(0, len(self.mass), BLOCK))
        for begin, end in pairwise(np.unique([*ends, len(self.first)]).tolist()):
            low = self.first[begin]
            high = self.first[end] if end < len(self.first) else len(self.mass)
            pairs = drawn[self.cluster[low:high]] * self.mass[low:high, None]
            summed[self.place[begin:end]] = np.add.reduceat(pairs, self.first[begin:end] - low, axis=0)
        return summed


def _summed(numbers: Ints, values: Floats | Bools | Ints, limit: int) -> tuple[Ints, Floats]:
    """Sum values by number.

    Args:
        numbers: From 0 to `limit` less one, shape (rows,); may be put in order.
        values: None of them 0, shape (rows,).
        limit: How many numbers there may be.

    Returns:
        The numbers that occur, rising, and the sum of each.
    """
    one = len(values) > 0 and bool((values == values[0]).all())
    if limit <= DENSE:
        counts = np.bincount(numbers, minlength=limit)
        found = np.flatnonzero(counts)
        if one:
            return found, counts[found] * float(values[0])
        return found, np.asarray(np.bincount(numbers, values.astype(np.float64), limit), dtype=np.float64)[found]
    if one:
        # Most sums only count, and numbers alone are put in order in half the time and memory.
        numbers.sort()
        first = np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1]))
        return numbers[first], np.diff(np.append(first, len(numbers))) * float(values[0])
    found, at = np.unique(numbers, return_inverse=True)
    return found, np.asarray(np.bincount(at, values.astype(np.float64), len(found)), dtype=np.float64)


def merged(ranking: Ranking, fraud: Bools) -> Ranking:
    """Join neighbouring scores at which no fraud lies.

    Neither average precision nor the fraud among the highest scores depends on how they lie among each other, and of a
    million amounts few are those of a fraud.

    Args:
        ranking: Of the rows.
        fraud: Whether each row is fraud, shape (rows,).
    """
    hit = np.zeros(len(ranking.scores), dtype=bool)
    hit[ranking.place[fraud]] = True
    begins = hit.copy()
    begins[1:] |= hit[:-1]
    begins[:1] = True
    level = np.cumsum(begins) - 1
    return Ranking(ranking.scores[begins], level[ranking.place])
