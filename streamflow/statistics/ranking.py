"""How well a score ranks: average precision of weighted rows, ties counted as one step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from streamflow.statistics.intervals import Floats, Ints


@dataclass(frozen=True)
class Ranking:
    """Rows by their score, highest first; made once, asked for many resamples.

    Attributes:
        scores: Distinct scores, falling.
        place: Place of each row's score in `scores`, shape (rows,).
    """

    scores: Floats
    place: Ints

    @classmethod
    def of(cls, scores: Floats) -> Ranking:
        """Rank rows by score, shape (rows,)."""
        # Not by np.unique's inverse, which keeps four arrays as long as the scores at once.
        rising = np.unique(scores)
        return cls(rising[::-1], len(rising) - 1 - np.searchsorted(rising, scores))

    def masses(self, weight: Floats) -> Floats:
        """Return the mass at each distinct score, highest first."""
        return np.asarray(np.bincount(self.place, weight, len(self.scores)), dtype=np.float64)

    def average_precision(self, weight: Floats, fraud_weight: Floats) -> float:
        """Return the mean precision over the frauds, as each score in turn is taken for the limit.

        Source: the step-wise sum of precision times gain in recall (C. D. Manning et al., Introduction to Information
        Retrieval, 2008, section 8.4).

        Args:
            weight: Mass of each row.
            fraud_weight: The same, 0 where the row is no fraud.

        Returns:
            0 to 1; NaN without fraud.
        """
        return float(average_precision(self.masses(weight), self.masses(fraud_weight)))


def average_precision(masses: Floats, fraud_masses: Floats) -> Floats:
    """Return the average precision of masses by distinct score; see `Ranking.average_precision`.

    Args:
        masses: Mass at each score, highest first, shape (scores, ...).
        fraud_masses: Of it, fraud.

    Returns:
        Shape (...); NaN without fraud.
    """
    every, caught = np.cumsum(masses, axis=0), np.cumsum(fraud_masses, axis=0)
    total = caught[-1:]
    gained = np.diff(caught, prepend=0.0, axis=0)
    gained = np.divide(gained, total, out=np.full_like(gained, np.nan), where=total > 0)
    precision = np.divide(caught, every, out=np.zeros_like(every), where=every > 0)
    return np.asarray((gained * precision).sum(axis=0))
