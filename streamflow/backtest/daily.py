"""What a team that looks at a fixed number of purchases a day would find: precision at k a day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from streamflow.backtest.estimates import quotient
from streamflow.backtest.resampling import CHUNK, Clusters, Resamples
from streamflow.datasets.table import Bools, Floats, Ints

DEPTH = 4
"""Times k: how far down a day's list a resample looks for k purchases, when customers at its top are not drawn."""


@dataclass(frozen=True)
class DailyTop:
    """The purchases of each day with the highest scores; ties stand in the order of the rows.

    Attributes:
        k: Purchases a day that somebody looks at.
        cluster: Of each, shape (days, depth).
        fraud: Whether it is fraud, the same shape.
        there: Whether the day has so many purchases, the same shape.
    """

    k: int
    cluster: Ints
    fraud: Bools
    there: Bools

    @classmethod
    def of(cls, scores: Ints, day: Ints, fraud: Bools, cluster: Clusters, k: int = 100) -> DailyTop:
        """Take the top of each day.

        Args:
            scores: Shape (rows,).
            day: Number of each row's day.
            fraud: Whether each row is fraud.
            cluster: Of each row; see `Resamples`.
            k: Purchases a day.
        """
        order = np.argsort(day, kind="stable")
        rising = day[order]
        first = np.flatnonzero(np.append(True, rising[1:] != rising[:-1])) if len(day) else order
        ends = np.append(first, len(day))[1:]
        depth = min(DEPTH * k, int((ends - first).max(initial=1)))
        filled = np.zeros((len(first), depth), dtype=np.int64)
        frauds, there = np.zeros(filled.shape, dtype=bool), np.zeros(filled.shape, dtype=bool)
        # Day by day: a day's purchases are a small part of all.
        for at, (begin, end) in enumerate(zip(first.tolist(), ends.tolist(), strict=True)):
            rows = order[begin:end]
            rows = rows[np.argsort(-scores[rows], kind="stable")[:depth]]
            filled[at, : len(rows)], frauds[at, : len(rows)] = cluster[rows], fraud[rows]
            there[at, : len(rows)] = True
        return cls(k, filled, frauds, there)

    def precision(self, resamples: Resamples) -> Floats:
        """Return the mean over days of the share of fraud in the day's k highest scores.

        A day with fewer than k purchases counts with all of them; one without any in a resample does not count.

        Returns:
            Shape (1 + resamples,); NaN without a day.
        """
        size = max(1, CHUNK // max(self.cluster.size, 1))
        parts = [self._part(resamples, slice(at, at + size)) for at in range(0, len(resamples), size)]
        return np.concatenate(parts)

    def _part(self, resamples: Resamples, chosen: slice) -> Floats:
        mass = resamples.times[chosen][:, self.cluster].astype(np.float32) * self.there
        before = np.cumsum(mass, axis=2) - mass
        taken = np.clip(self.k - before, 0, mass)
        return mean_over_days(quotient((taken * self.fraud).sum(axis=2), taken.sum(axis=2)).T)


def mean_over_days(by_day: Floats) -> Floats:
    """Average over the days that have a value, shape (days, resamples) to (resamples,)."""
    known = np.isfinite(by_day)
    return quotient(np.where(known, by_day, 0.0).sum(axis=0), known.sum(axis=0).astype(np.float64))
