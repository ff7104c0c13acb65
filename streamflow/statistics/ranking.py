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
        distinct, place = np.unique(-scores, return_inverse=True)
        return cls(-distinct, place.astype(np.int64))

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
        every, caught = np.cumsum(self.masses(weight)), np.cumsum(self.masses(fraud_weight))
        if caught[-1] <= 0:
            return float("nan")
        gained = np.diff(caught, prepend=0.0) / caught[-1]
        return float((gained * np.divide(caught, every, out=np.zeros_like(every), where=every > 0)).sum())
