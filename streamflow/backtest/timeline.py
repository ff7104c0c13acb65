"""A backtest over time: alerts by day, precision and recall by week, and precision as the limit falls."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from streamflow.backtest.estimates import Estimate, plain
from streamflow.backtest.findings import Curve, Day, Span
from streamflow.backtest.gate import DAY_US
from streamflow.backtest.judging import NO_ALERTS, NO_FRAUD, NO_MONEY, Rows
from streamflow.backtest.scored import Scored
from streamflow.contracts.timestamps import format_us
from streamflow.datasets.table import Bools, Ints
from streamflow.statistics.clusters import clustered_share
from streamflow.statistics.ranking import Ranking

WEEK_DAYS = 7
WEEKS_FROM_DAYS = 21
CURVE_POINTS = 200


def days(scored: Scored, against: Scored | None, rows: Rows) -> tuple[Day, ...]:
    """Count by UTC day, every day of the period from its first to its last purchase."""
    purchases, inside = rows.purchases, rows.period
    if not len(inside):
        return ()
    day = purchases.event_us[inside] // DAY_US
    first, count = int(day.min()), int(day.max() - day.min()) + 1
    alert, fraud = scored.alert[inside], (purchases.fraud & purchases.mature)[inside]

    def each(chosen: Bools) -> list[int]:
        return [int(one) for one in np.bincount(day[chosen] - first, minlength=count)]

    every, alerts, caught, frauds = each(np.ones(len(day), dtype=bool)), each(alert), each(alert & fraud), each(fraud)
    others = None if against is None else each(against.alert[inside])
    return tuple(
        Day(
            date=f"{datetime.fromtimestamp((first + at) * 86_400, UTC):%Y-%m-%d}",
            purchases=every[at],
            alerts=alerts[at],
            against=None if others is None else others[at],
            caught=caught[at],
            frauds=frauds[at],
            mature=(first + at + 1) * DAY_US <= rows.judged_to_us,
        )
        for at in range(count)
    )


def spans(scored: Scored, rows: Rows) -> tuple[Span, ...]:
    """Judge week by week, or day by day in a period under three weeks; intervals by customers as clusters."""
    if not len(rows):
        return ()
    length = WEEK_DAYS if rows.judged_days >= WEEKS_FROM_DAYS else 1
    start = rows.judged_to_us - round(rows.judged_days * DAY_US)
    number = (rows.purchases.event_us[rows.judged] - start) // (length * DAY_US)
    alert = scored.alert[rows.judged]
    return tuple(
        _span((start + int(one) * length * DAY_US, length), number == one, alert, rows) for one in np.unique(number)
    )


def _span(at: tuple[int, int], inside: Bools, alert: Bools, rows: Rows) -> Span:
    begins, length = at
    fraud = rows.fraud & inside
    lost = int(rows.lost_minor[inside].sum())
    caught = int(rows.lost_minor[inside & alert].sum())
    return Span(
        begins=format_us(begins),
        days=plain((min(begins + length * DAY_US, rows.judged_to_us) - begins) / DAY_US),
        purchases=int(inside.sum()),
        frauds=int(fraud.sum()),
        precision=_share(rows.fraud, alert & inside, rows, NO_ALERTS),
        recall=_share(alert, fraud, rows, NO_FRAUD),
        value_recall=Estimate(value=plain(caught / lost)) if lost > 0 else Estimate(value=None, reason=NO_MONEY),
    )


def _share(chosen: Bools, whole: Bools, rows: Rows, reason: str) -> Estimate:
    if not whole.any():
        return Estimate(value=None, reason=reason)
    found = clustered_share(chosen[whole], np.ones(int(whole.sum())), rows.resamples.cluster[whole].astype(np.int64))
    return Estimate(value=plain(found.value), low=plain(found.interval[0]), high=plain(found.interval[1]))


def curve(name: str, scores: Ints, alert: Bools | None, rows: Rows) -> Curve | None:
    """Return precision against recall, at most CURVE_POINTS of them.

    Args:
        name: What ranks.
        scores: Of the judged purchases, shape (rows,).
        alert: The alerts in use; None where there is no threshold of its own.
        rows: The purchases that judge.

    Returns:
        The curve; None without fraud.
    """
    if not rows.fraud.any():
        return None
    ranking = Ranking.of(scores.astype(np.float64))
    every = np.cumsum(ranking.masses(np.ones(len(rows))))
    caught = np.cumsum(ranking.masses(rows.fraud.astype(np.float64)))
    # The first score at which each share of the frauds is reached: after it precision only falls until the next one.
    wanted = np.linspace(1, caught[-1], min(CURVE_POINTS, int(caught[-1])))
    at = np.unique(np.append(np.searchsorted(caught, wanted - 1e-9), 0))
    chosen = None
    if alert is not None and alert.any():
        hits = int((alert & rows.fraud).sum())
        chosen = (plain(hits / caught[-1]), plain(hits / int(alert.sum())))
    return Curve(
        name=name,
        recall=tuple(map(plain, caught[at] / caught[-1])),
        precision=tuple(map(plain, caught[at] / every[at])),
        alerts_a_day=tuple(map(plain, every[at] / rows.judged_days)),
        chosen=chosen,
    )
