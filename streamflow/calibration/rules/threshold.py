"""The alert threshold: the one that saves most money within an alert budget.

Money saved = money of the fraud that alerts catch - alerts * cost of a review. The budget is in alerts per thousand
purchases, because a file's purchases a day are not those of the deployment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from streamflow.calibration.rules.bands import Rows
from streamflow.datasets.table import Floats, Ints
from streamflow.statistics.intervals import RESAMPLES
from streamflow.statistics.ranking import Ranking

ROUND_ULO = 1000
"""Weights and thresholds are rounded to a thousandth of a log-odd, far below their intervals."""


@dataclass(frozen=True)
class Budget:
    """What alerts may cost.

    Attributes:
        alerts_per_1000: Alerts that can be looked at, in a thousand purchases.
        review_cost_minor: What looking at one costs, minor units.
    """

    alerts_per_1000: float
    review_cost_minor: float


@dataclass(frozen=True)
class Threshold:
    """A chosen threshold.

    Attributes:
        ulo: Log-odds from which a purchase is an alert, micro.
        low: Lower end of its 95 % interval.
        high: Upper end.
        alerts_per_1000: Alerts in a thousand purchases.
        saved_minor_per_1000: Money saved in a thousand purchases, minor units.
        bound_by: `value` when more alerts would cost more than they catch, `budget` when the budget ends first.
    """

    ulo: int
    low: int
    high: int
    alerts_per_1000: float
    saved_minor_per_1000: float
    bound_by: str


def choose_threshold(
    scores: Ints,
    prior: int,
    rows: Rows,
    rng: np.random.Generator,
    *,
    budget: Budget,
    resamples: int = RESAMPLES,
) -> Threshold | None:
    """Choose among the scores that occur.

    Args:
        scores: Log-odds of each row, micro, shape (rows,).
        prior: Log-odds of a row that no rule says anything about; the threshold lies above it.
        rows: The rows.
        rng: Source of the resamples.
        budget: What alerts may cost.
        resamples: How many; without any the interval is the threshold itself.

    Returns:
        The threshold, half way to the next lower score that occurs; None when every row scores the prior.
    """
    ranking = Ranking.of(scores.astype(np.float64))
    above = int((ranking.scores > prior).sum())
    if above == 0:
        return None
    money = rows.amount_minor * rows.fraud
    customers = int(rows.group.max()) + 1

    def best(weight: Floats) -> tuple[int, Floats, Floats]:
        alerts = np.cumsum(ranking.masses(weight))[:above] / weight.sum() * 1000
        caught = np.cumsum(ranking.masses(weight * money))[:above] / weight.sum() * 1000
        saved = caught - alerts * budget.review_cost_minor
        allowed = max(int((alerts <= budget.alerts_per_1000).sum()), 1)
        return int(np.argmax(saved[:allowed])), alerts, saved

    chosen, alerts, saved = best(rows.weight)
    drawn = [_between(ranking, chosen, prior)]
    for _ in range(resamples):
        times = rng.poisson(1.0, customers).astype(np.float64)[rows.group]
        drawn.append(_between(ranking, best(rows.weight * times)[0], prior))
    low, high = np.percentile(drawn, [2.5, 97.5])
    ulo = _between(ranking, chosen, prior)
    budget_ends = (
        chosen + 1 < above and alerts[chosen + 1] > budget.alerts_per_1000 and saved[chosen + 1] > saved[chosen]
    )
    return Threshold(
        ulo,
        min(_rounded(low), ulo),
        max(_rounded(high), ulo),
        float(alerts[chosen]),
        float(saved[chosen]),
        "budget" if budget_ends else "value",
    )


def _between(ranking: Ranking, chosen: int, prior: int) -> int:
    """Return the middle between the chosen score and the next lower one, so that a last digit decides nothing."""
    here = ranking.scores[chosen]
    below = max(ranking.scores[chosen + 1], prior) if chosen + 1 < len(ranking.scores) else prior
    return max(_rounded((here + below) / 2), prior + ROUND_ULO)


def _rounded(value: float) -> int:
    return round(value / ROUND_ULO) * ROUND_ULO
