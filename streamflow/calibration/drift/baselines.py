"""Baselines, figures under `baseline.`: what purchases looked like when a calibration was made.

Each is a statistic with its interval, the effective number of purchases behind it (by customers), and as `tolerance`
how far a day like the source's own may lie from it. `compare` holds a live window against them and works the noise out
anew, for as many purchases as the window has: by customers within the window, by the source's own uncertainty, and by
what the source itself moved from day to day beyond that (`baseline.<family>.day_to_day`). All statistics of a
comparison together give a false alarm with probability `FALSE_ALARM` at most (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from streamflow.calibration.drift.noise import (
    Band,
    Clusters,
    Ratio,
    at_most,
    between_blocks,
    design_effect,
    mean_band,
    ratio_of,
    share_band,
)
from streamflow.calibration.drift.windows import (
    DAY_US,
    Statistic,
    Window,
    statistics_of,
    weekday_statistics,
    whole_days,
    window_of,
)
from streamflow.contracts.calibrations import Figure
from streamflow.contracts.rule_sets import Status
from streamflow.datasets.table import Bools, PurchaseTable
from streamflow.errors import InputError
from streamflow.statistics.intervals import Z_95, effective_n, weighted_quantiles, wilson

PREFIX: Final = "baseline."
EDGES: Final = f"{PREFIX}amounts.edges"
DAY_TO_DAY: Final = "day_to_day"
EDGE_QUANTILES: Final = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95, "q99": 0.99}
FALSE_ALARM: Final = 0.01
"""Of one comparison; at one a day, one false alarm in a hundred days."""

MIN_DAYS: Final = 7
"""Whole days from which movement from day to day is estimated."""

MIN_WEEKS: Final = 4
"""Whole weeks from which shares of weekdays, and their movement, mean something."""

MAX_PRODUCTS: Final = 20
MIN_PRODUCT_SHARE: Final = 0.005


@dataclass(frozen=True)
class Compared:
    """One statistic of a live window beside its baseline.

    Attributes:
        path: Of the figure, without `baseline.`.
        unit: Of the values.
        before: The baseline.
        now: The window's.
        low: Least value that noise explains.
        high: Largest value that noise explains.
    """

    path: str
    unit: str
    before: float
    now: float
    low: float
    high: float

    @property
    def moved(self) -> bool:
        """Whether it lies beyond what noise explains."""
        return not self.low <= self.now <= self.high

    @property
    def change(self) -> float:
        """How far it moved."""
        return self.now - self.before

    @property
    def tolerance(self) -> float:
        """How far noise could have moved it, to the side that it moved to."""
        return self.high - self.before if self.change >= 0 else self.before - self.low

    @property
    def severity(self) -> float:
        """How many tolerances it moved."""
        return abs(self.change) / self.tolerance if self.tolerance > 0 else math.inf


def baseline_figures(
    table: PurchaseTable,
    source: str,
    *,
    alert: Bools | None = None,
    fired: Mapping[str, Bools] | None = None,
) -> dict[str, Figure]:
    """Return the baselines of a source, those that it identifies.

    Args:
        table: Its purchases.
        source: Key of the calibration's sources.
        alert: Shape (rows,); which purchases the proposed rule set alerts on.
        fired: By rule, shape (rows,); on which it fires, that is, adds weight.

    Returns:
        Figures by path, each with n, interval and tolerance.

    Raises:
        InputError: The table is empty.
    """
    if not len(table):
        raise InputError("A table without purchases has no baselines.")
    window = window_of(table, alert, fired)
    made = _Maker(table, source)
    edges = made.edges(window)
    statistics = statistics_of(window, edges, _products(window))
    weeks = _whole_weeks(window)
    if weeks is not None:
        statistics |= weekday_statistics(weeks)
    families: dict[str, dict[str, Statistic]] = {}
    for path, statistic in statistics.items():
        families.setdefault(statistic.family, {})[path] = statistic
    days = int(whole_days(window).max()) + 1
    risk = FALSE_ALARM / len(statistics)
    for family, members in families.items():
        enough = family == "weekdays" or days >= MIN_DAYS
        apart = made.day_to_day(family, list(members.values())) if enough else 0.0
        for path, statistic in members.items():
            made.statistic(path, statistic, [one.ratio for one in members.values()], apart, risk)
    for name, share in window.shares_missing.items():
        made.share_missing(name, share, window, risk)
    return dict(sorted(made.figures.items()))


def compare(figures: Mapping[str, Figure], window: Window) -> tuple[list[Compared], dict[str, str]]:
    """Hold a live window against the baselines of a calibration.

    Args:
        figures: All figures of the calibration; those under `baseline.` count.
        window: Live purchases of whole days, at least one purchase.

    Returns:
        What was compared, by path; and why each other baseline was not, by its path.
    """
    known = {path.removeprefix(PREFIX): figure for path, figure in figures.items() if path.startswith(PREFIX)}
    wanted = [path for path in known if path.rpartition(".")[2] not in (DAY_TO_DAY, "edges")]
    days = _days(window)
    if any(path.startswith("hours_utc.") for path in wanted):
        window = replace(window, offset_min=None)
    products = tuple(path.removeprefix("products.") for path in wanted if path.startswith("products."))
    edges = known["amounts.edges"].value if "amounts.edges" in known else {}
    live = statistics_of(window, edges, tuple(name for name in products if name != "other"), block=_one_block(window))
    if days % 7 == 0:
        live |= weekday_statistics(window)
    live = {path: one for path, one in live.items() if path in wanted and one.ratio.rows}
    skipped = {
        path: "the window is no whole number of weeks" if path.startswith("weekdays.") else "live data do not tell"
        for path in wanted
        if path not in live
    }
    risk = FALSE_ALARM / max(1, len(live))
    compared = []
    for path, statistic in sorted(live.items()):
        apart = known.get(f"{statistic.family}.{DAY_TO_DAY}")
        family = [one.ratio for one in live.values() if one.family == statistic.family]
        blocks = days / 7 if statistic.family == "weekdays" else days
        source = max(2, apart.n or 0) if apart else 2
        between = at_most(float(apart.value) ** 2, source) if apart else 0.0
        low, high = _band(known[path], statistic, family, between * (1 / max(1.0, blocks) + 1 / source), risk)
        before, now = float(known[path].value), statistic.ratio.value
        now = math.exp(now) if statistic.kind == "log_mean" else now
        compared.append(Compared(path, known[path].unit, before, now, low, high))
    return compared, skipped


def _band(figure: Figure, live: Statistic, family: list[Ratio], between: float, risk: float) -> Band:
    """Return what noise explains; `between` is what days add to it, those of the window and those of the source."""
    value, (low, high) = float(figure.value), figure.interval
    ratio = live.ratio
    if live.kind == "share":
        rows = ratio.rows / design_effect(family, ratio)
        return share_band(value, float(figure.n or 0), _rows_with(value, rows, between), risk)
    if live.kind == "log_mean":
        deviation = (math.log(high) - math.log(low)) / (2 * Z_95)
        ends = mean_band(math.log(value), deviation**2, ratio.variance + between, risk)
        return math.exp(ends[0]), math.exp(ends[1])
    deviation = (high - low) / (2 * Z_95)
    return mean_band(value, deviation**2, ratio.variance + between, risk)


def _rows_with(value: float, rows: float, between: float) -> float:
    """Return the number of independent rows whose noise is that of `rows` and of the days together."""
    spread = value * (1 - value)
    return rows / (1 + spread * between * rows)


def _one_block(window: Window) -> Any:
    return np.full(len(window), -1, dtype=np.int64)


def _days(window: Window) -> int:
    return int(window.day.max() - window.day.min()) + 1


def _products(window: Window) -> tuple[str, ...]:
    """Return the products that are common enough to have a share of their own."""
    if window.product is None:
        return ()
    named = window.product.codes >= 0
    mass = np.bincount(window.product.codes[named], window.weight[named], len(window.product.names))
    order = np.argsort(-mass, kind="stable")[:MAX_PRODUCTS]
    common = [place for place in order.tolist() if mass[place] >= MIN_PRODUCT_SHARE * mass.sum()]
    return tuple(sorted(window.product.names[place] for place in common))


def _whole_weeks(window: Window) -> Window | None:
    """Return the purchases of whole weeks, first and last day aside; None where there are too few weeks or no dates."""
    number = whole_days(window)
    weeks = (int(number.max()) + 1) // 7
    if not window.has_date or weeks < MIN_WEEKS:
        return None
    kept = (number >= 0) & (number < weeks * 7)
    return Window(
        event_us=window.event_us[kept],
        amount_minor=window.amount_minor[kept],
        weight=window.weight[kept],
        customer=np.unique(window.customer[kept], return_inverse=True)[1].astype(np.int64),
        has_customers=window.has_customers,
        has_date=True,
    )


class _Maker:
    """Collects figures of one source.

    Args:
        table: Says what they rest on.
        source: Key of the calibration's sources.
    """

    def __init__(self, table: PurchaseTable, source: str) -> None:
        self.figures: dict[str, Figure] = {}
        self._source = source
        self._status: Status = "measured" if table.source.kind == "file" else "simulated"
        self._who = "customer" if table.customer is not None else "row"
        self._days = max(1.0, len(np.unique(table.event_us // DAY_US)))
        self._reason = "" if self._status == "measured" else f"computed on generated rows ({table.source.name})"

    def edges(self, window: Window) -> dict[str, float]:
        """Add the amounts at which shares are taken, and return them."""
        amounts, weight = window.amount_minor.astype(np.float64), window.weight
        names, at = list(EDGE_QUANTILES), np.array(list(EDGE_QUANTILES.values()))
        values = np.rint(weighted_quantiles(amounts, weight, at)).tolist()
        clusters = Clusters.of(window.customer, np.full(len(window), -1))
        shares = [ratio_of(weight * (window.amount_minor <= edge), weight, clusters) for edge in values]
        reach = Z_95 * np.sqrt(np.array([share.variance for share in shares]))
        low, high = (weighted_quantiles(amounts, weight, np.clip(at + off, 0, 1)) for off in (-reach, reach))
        self._add(
            EDGES.removeprefix(PREFIX),
            dict(zip(names, values, strict=True)),
            "minor",
            n=int(effective_n(weight)),
            interval={name: [float(low[place]), float(high[place])] for place, name in enumerate(names)},
            method=f"quantiles; Woodruff's intervals from the share's variance by {self._who}",
        )
        return dict(zip(names, values, strict=True))

    def day_to_day(self, family: str, members: list[Statistic]) -> float:
        """Add how far the family moves from day to day beyond sampling noise; return the variance that it may have."""
        share = members[0].kind == "share"
        found = between_blocks([one.ratio for one in members], share)
        if found is None:
            return 0.0
        value, drawn = found
        period = "week" if family == "weekdays" else "day"
        low, high = np.percentile(drawn, [2.5, 97.5]).tolist()
        blocks = int((members[0].ratio.block_rows > 0).sum())
        self._add(
            f"{family}.{DAY_TO_DAY}",
            value,
            "log-odds" if share else "log" if members[0].kind == "log_mean" else "purchases",
            n=blocks,
            interval=[min(low, value), max(high, value)],
            method=f"standard deviation from {period} to {period} beyond sampling noise, pooled over the family; "
            f"bootstrap over {period}s",
        )
        return at_most(value * value, blocks) * (1 + 1 / blocks)

    def statistic(self, path: str, one: Statistic, family: list[Ratio], between: float, risk: float) -> None:
        """Add one statistic, with the tolerance of a day like the source's own."""
        ratio = one.ratio
        day = ratio.rows / self._days
        if one.kind == "share":
            effect = design_effect(family, ratio)
            rows = min(ratio.effective_rows, ratio.rows / effect)
            ends = wilson(ratio.value * rows, rows)
            weekly = day * 7 if one.family == "weekdays" else day
            rows_of_day = _rows_with(ratio.value, weekly / _within(ratio, family), between)
            band = share_band(ratio.value, rows, rows_of_day, risk)
            self._add(
                path,
                ratio.value,
                "share",
                n=int(rows),
                interval=[ends.low, ends.high],
                method=f"share of purchases; Wilson on the effective number by {self._who}",
                tolerance=max(band[1] - ratio.value, ratio.value - band[0]),
            )
            return
        reach = Z_95 * math.sqrt(ratio.variance)
        known = np.isfinite(ratio.block_variances)
        daily = float(np.median(ratio.block_variances[known])) if known.any() else ratio.variance * self._days
        high = mean_band(ratio.value, ratio.variance, daily + between, risk)[1]
        ends_of = (ratio.value - reach, ratio.value, ratio.value + reach)
        spelt = tuple(map(math.exp, ends_of)) if one.kind == "log_mean" else ends_of
        furthest = math.exp(high) - math.exp(ratio.value) if one.kind == "log_mean" else high - ratio.value
        self._add(
            path,
            spelt[1],
            "minor" if one.kind == "log_mean" else "purchases",
            n=int(ratio.rows),
            interval=[spelt[0], spelt[2]],
            method=("geometric mean" if one.kind == "log_mean" else "purchases over days on which a customer buys")
            + f"; variance by {self._who}",
            tolerance=furthest,
        )

    def share_missing(self, name: str, share: float, window: Window, risk: float) -> None:
        """Add a missingness of which only the share is known: as if a customer either has the column or not."""
        rows = float(len(np.unique(window.customer)))
        ends = wilson(share * rows, rows)
        band = share_band(share, rows, len(window) / self._days, risk)
        self._add(
            f"missing.{name}",
            share,
            "share",
            n=int(rows),
            interval=[ends.low, ends.high],
            method=f"share of purchases; Wilson on the number of {self._who}s",
            tolerance=max(band[1] - share, share - band[0]),
        )

    def _add(self, path: str, value: Any, unit: str, **evidence: Any) -> None:
        self.figures[f"{PREFIX}{path}"] = Figure(
            value=value, unit=unit, status=self._status, source=self._source, reason=self._reason, **evidence
        )


def _within(ratio: Ratio, family: list[Ratio]) -> float:
    """Return the design effect within one day, pooled over the family."""

    def sums(one: Ratio) -> tuple[float, float]:
        known = np.isfinite(one.block_variances)
        weight = one.block_rows[known]
        spread = one.value * (1 - one.value)
        return float((one.block_variances[known] * weight**2).sum()), float((spread * weight).sum())

    pooled = np.sum([sums(one) for one in family], axis=0)
    own = sums(ratio)
    effects = [part / whole for part, whole in (pooled, own) if whole]
    return max(1.0, *effects) if effects else 1.0
