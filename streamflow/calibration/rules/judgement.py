"""What a scorecard is worth on rows that it was not fitted on, beside the amount alone; intervals over customers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from streamflow.calibration.rules.bands import MIN_FRAUDS, Rows
from streamflow.datasets.table import Floats, Ints
from streamflow.statistics.intervals import RESAMPLES
from streamflow.statistics.ranking import Ranking

NAMES = (
    "precision",
    "recall",
    "value_recall",
    "alerts_per_1000",
    "average_precision",
    "amount_alone_precision",
    "amount_alone_recall",
    "amount_alone_value_recall",
    "amount_alone_average_precision",
    "average_precision_gain",
    "observed_to_predicted",
)
UNITS = {"observed_to_predicted": "ratio", "alerts_per_1000": "alerts per 1,000 purchases"}


@dataclass(frozen=True)
class Judged:
    """One figure of a judgement.

    Attributes:
        value: The figure; NaN where it has no meaning, as a precision without alerts.
        low: Lower end of its 95 % interval.
        high: Upper end.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Judgement:
    """Every figure by its name in NAMES, and what it rests on.

    Attributes:
        figures: The figures; `average_precision_gain` is the scorecard's average precision less that of the amount
            alone, its interval paired over the same resamples; `observed_to_predicted` is the frauds that came over
            the frauds that the scores add up to.
        purchases: Rows judged.
        frauds: Of them, fraud.
    """

    figures: dict[str, Judged]
    purchases: int
    frauds: int

    @property
    def score_holds(self) -> bool:
        """Whether as many frauds came as the scores said, within the interval, on at least MIN_FRAUDS of them."""
        ratio = self.figures["observed_to_predicted"]
        return self.frauds >= MIN_FRAUDS and ratio.low <= 1 <= ratio.high


def judge(scores: Ints, threshold: int, rows: Rows, rng: np.random.Generator) -> Judgement | None:
    """Judge a scorecard on rows.

    Args:
        scores: Log-odds of each row, micro, shape (rows,).
        threshold: Log-odds from which a row is an alert.
        rows: The rows.
        rng: Source of the resamples.

    Returns:
        The judgement; None without fraud.
    """
    frauds = int(rows.fraud.sum())
    if frauds == 0:
        return None
    measure = _measure(scores, threshold, rows)
    customers = int(rows.group.max()) + 1
    drawn = [
        measure(rows.weight * rng.poisson(1.0, customers).astype(np.float64)[rows.group]) for _ in range(RESAMPLES)
    ]
    values = measure(rows.weight)
    usable = np.array(drawn)
    figures = {}
    for at, name in enumerate(NAMES):
        column = usable[:, at][np.isfinite(usable[:, at])]
        low, high = np.percentile(column, [2.5, 97.5]) if len(column) else (np.nan, np.nan)
        figures[name] = Judged(float(values[at]), float(low), float(high))
    return Judgement(figures, len(rows), frauds)


def _measure(scores: Ints, threshold: int, rows: Rows) -> Callable[[Floats], Floats]:
    by_score, by_amount = Ranking.of(scores.astype(np.float64)), Ranking.of(rows.amount_minor.astype(np.float64))
    alert = (scores >= threshold).astype(np.float64)
    money = rows.amount_minor.astype(np.float64)
    probability = 1 / (1 + np.exp(-scores / 1e6))

    def share(part: float, whole: float) -> float:
        return part / whole if whole > 0 else np.nan

    def measure(weight: Floats) -> Floats:
        fraud = weight * rows.fraud
        total, lost = fraud.sum(), (fraud * money).sum()
        alerts = (weight * alert).sum()
        # As many alerts on the largest amounts; ties at the edge are taken in part.
        taken = _top(by_amount, weight, alerts)
        mine, theirs = by_score.average_precision(weight, fraud), by_amount.average_precision(weight, fraud)
        return np.array(
            [
                share((fraud * alert).sum(), alerts),
                share((fraud * alert).sum(), total),
                share((fraud * alert * money).sum(), lost),
                share(alerts, weight.sum()) * 1000,
                mine,
                share((fraud * taken).sum(), alerts),
                share((fraud * taken).sum(), total),
                share((fraud * taken * money).sum(), lost),
                theirs,
                mine - theirs,
                share(total, (weight * probability).sum()),
            ]
        )

    return measure


def _top(ranking: Ranking, weight: Floats, mass: float) -> Floats:
    """Return the part of each row that belongs to the top `mass`, 0 to 1."""
    each = ranking.masses(weight)
    before = np.cumsum(each) - each
    part = np.clip(np.divide(mass - before, each, out=np.zeros_like(each), where=each > 0), 0, 1)
    return np.asarray(part[ranking.place])
