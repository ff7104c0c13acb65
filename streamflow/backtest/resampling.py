"""Customers drawn anew, for all figures of a backtest at once, so that differences are paired.

Each resample draws every customer a Poisson number of times (Hanley and MacGibbon, Computers in Biology and Medicine
36, 2006). The first row of everything here is the sample itself, each customer once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from streamflow.datasets.table import Bools, Floats, Ints
from streamflow.statistics.ranking import Ranking

MAX_CLUSTERS = 50_000
CHUNK, BLOCK = 4_000_000, 2048

Times = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Resamples:
    """How often each customer is drawn.

    Attributes:
        cluster: Number of each row's cluster, shape (rows,).
        times: Shape (1 + resamples, clusters).
    """

    cluster: Ints
    times: Times

    @classmethod
    def of(cls, customer: Ints, resamples: int, seed: int) -> Resamples:
        """Draw customers.

        Over MAX_CLUSTERS customers share their draws at random: the variance of a sum over random groups is that of
        the sum over customers, and a shop of ten million costs no more than one of fifty thousand.

        Args:
            customer: Of each row, shape (rows,).
            resamples: How many.
            seed: The same seed gives the same draws.
        """
        rng = np.random.default_rng([seed, *b"backtest"])
        known, cluster = np.unique(customer, return_inverse=True)
        count = len(known)
        if count > MAX_CLUSTERS:
            cluster, count = rng.integers(0, MAX_CLUSTERS, count)[cluster], MAX_CLUSTERS
        times = np.ones((1 + resamples, count), dtype=np.uint8)
        times[1:] = rng.poisson(1.0, (resamples, count))
        return cls(cluster.astype(np.int64), times)

    def __len__(self) -> int:
        return len(self.times)

    def totals(self, columns: Mapping[str, Floats | Bools | Ints]) -> dict[str, Floats]:
        """Sum columns of rows over the customers of each resample.

        Args:
            columns: By name, shape (rows,).

        Returns:
            By name, shape (1 + resamples,).
        """
        clusters = self.times.shape[1]
        each = np.empty((clusters, len(columns)))
        for at, values in enumerate(columns.values()):
            # Most columns are about a few rows, and counting zeros takes as long as counting anything.
            some = np.flatnonzero(values)
            each[:, at] = np.bincount(self.cluster[some], values[some].astype(np.float64), clusters)
        summed = np.concatenate([self.times[rows] @ each for rows in self._chunks(clusters)])
        return {name: summed[:, at] for at, name in enumerate(columns)}

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
    def of(cls, ranking: Ranking, cluster: Ints, values: Floats | Bools | Ints) -> _Masses:
        some = np.flatnonzero(values)
        width = int(cluster.max(initial=0)) + 1
        pairs, at = np.unique(ranking.place[some] * width + cluster[some], return_inverse=True)
        mass = np.asarray(np.bincount(at, values[some].astype(np.float64), len(pairs)), dtype=np.float64)
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
