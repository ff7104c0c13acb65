"""Bands of strength from data: bounds at quantiles of legitimate purchases, merged until each holds enough fraud.

Where more purchases reach the strongest bound than may be alerts, the strongest band is cut by quantiles of all
purchases: a score moves in steps, and a step that is larger than the budget can only be taken whole or left.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from streamflow.contracts.rule_sets import MAX_BANDS
from streamflow.datasets.table import Bools, Floats, Ints
from streamflow.statistics.intervals import RESAMPLES, bootstrap, weighted_quantiles

MIN_FRAUDS = 30
TAILS = (0.1, 0.05, 0.02, 0.01, 0.004, 0.001)
"""Shares of legitimate purchases beyond a bound: the candidates, weakest first, at most MAX_BANDS of them."""

CUTS = (0.8, 0.4, 0.2)
"""Bounds within a strongest band that exceeds the alert budget, as parts of the budget beyond them."""

SIGNIFICANT = 3

Index = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Rows:
    """What a fit knows of its rows besides the measures; shape (rows,) each.

    Attributes:
        fraud: Whether the row is fraud.
        weight: What it stands for.
        group: Number of its customer, from 0; of the row itself where nobody knows the customer.
        event_us: Event time, epoch microseconds.
        amount_minor: Minor units.
    """

    fraud: Bools
    weight: Floats
    group: Ints
    event_us: Ints
    amount_minor: Ints

    def __len__(self) -> int:
        return len(self.fraud)

    def take(self, chosen: Bools) -> Rows:
        """Return some of the rows."""
        fields = (self.fraud, self.weight, self.group, self.event_us, self.amount_minor)
        return Rows(*(field[chosen] for field in fields))  # type: ignore[arg-type]

    def numbered(self) -> Rows:
        """Return the same rows with customers numbered as they first occur: what is drawn hangs on nothing else."""
        _, first, place = np.unique(self.group, return_index=True, return_inverse=True)
        rank = np.empty(len(first), dtype=np.int64)
        rank[np.argsort(first)] = np.arange(len(first))
        return replace(self, group=rank[place])


@dataclass(frozen=True)
class Measured:
    """A measure as rows observe it.

    Attributes:
        rule: Name of the rule.
        measure: Name of the measure.
        scale: A scaled value is the measure times this.
        values: Scaled values, shape (rows,); negative where there was nothing to observe.
        least: No bound lies below this scaled value.
        tails: Shares of legitimate purchases beyond the bounds to try, weakest first.
        bounds: Scaled bounds that are known beforehand, one a tail, in place of quantiles.
    """

    rule: str
    measure: str
    scale: int
    values: Ints
    least: int = 1
    tails: tuple[float, ...] = TAILS
    bounds: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """`rule.measure`."""
        return f"{self.rule}.{self.measure}"

    def take(self, chosen: Bools) -> Measured:
        """Return the same measure of some of the rows."""
        return replace(self, values=self.values[chosen])


@dataclass(frozen=True)
class Bands:
    """The bands of one measure.

    Attributes:
        rule: Name of the rule.
        measure: Name of the measure.
        scale: A scaled value is the measure times this.
        bounds: Scaled lower bounds, rising; none when the data do not carry a band.
        tails: For each bound, the share of legitimate purchases at or beyond it that it was asked for; of a cut, the
            share of all purchases that have the measure.
        cuts: How many of the bounds, the strongest, cut the strongest band for the budget.
        low: Lower ends of the bounds' 95 % intervals, scaled.
        high: Upper ends.
        note: Why there is no band, or which were merged.
    """

    rule: str
    measure: str
    scale: int
    bounds: tuple[int, ...]
    tails: tuple[float, ...] = ()
    low: tuple[int, ...] = ()
    high: tuple[int, ...] = ()
    note: str = ""
    cuts: int = 0

    @property
    def name(self) -> str:
        """`rule.measure`."""
        return f"{self.rule}.{self.measure}"

    def index(self, values: Ints) -> Index:
        """Return how many bounds each scaled value reaches."""
        return np.searchsorted(np.array(self.bounds, dtype=np.int64), values, side="right").astype(np.int8)


def find_bands(measured: Measured, rows: Rows, least: int = MIN_FRAUDS, budget: float | None = None) -> Bands:
    """Place bounds at quantiles of legitimate purchases and merge bands with too few frauds.

    Args:
        measured: The measure.
        rows: The rows.
        least: Frauds that a band must hold.
        budget: Share of all rows that may be alerts; a strongest band with more of them is cut. None cuts nothing.

    Returns:
        The bands, without intervals. A band with too few frauds joins the weaker one; the weakest joins "no band". Cuts
        take the place of bands between the weakest and the strongest where there would be more than MAX_BANDS.
    """
    values, fraud, weight, tails = measured.values, rows.fraud, rows.weight, measured.tails
    named = (measured.rule, measured.measure, measured.scale)
    usable = (values >= 0) & (weight > 0)
    if not usable[fraud].any() or not usable[~fraud].any():
        return Bands(*named, (), note="nothing was observed")
    legitimate = usable & ~fraud
    wanted = list(measured.bounds) or _bounds(values[legitimate], weight[legitimate], tails)
    chosen: list[tuple[int, float]] = []
    for bound, tail in zip(wanted, tails, strict=True):
        if bound >= measured.least and (not chosen or bound > chosen[-1][0]):
            chosen.append((bound, tail))
    kept, merged = _merge([bound for bound, _ in chosen], values[fraud & usable], least)
    if not kept:
        return Bands(*named, (), note=f"no band holds {least} frauds")
    asked = dict(chosen)
    note = f"{merged} bands merged for want of {least} frauds" if merged else ""
    cuts: list[int] = []
    if budget is not None and not measured.bounds:
        found = cut(kept[-1], values[usable], weight[usable], budget * float(weight.sum()))
        cuts, _ = _merge(list(found), values[fraud & usable], least)
        # What the last kept bound has between itself and the first cut needs its frauds as well.
        between = (values[fraud & usable] >= kept[-1]) & (values[fraud & usable] < min(cuts, default=0))
        if cuts and between.sum() < least:
            kept.pop()
        asked |= found
        kept = _thinned(kept, MAX_BANDS - len(cuts)) + cuts
    return Bands(*named, tuple(kept), tuple(asked[bound] for bound in kept), note=note, cuts=len(cuts))


def cut(top: int, values: Ints, weight: Floats, allowed: float) -> dict[int, float]:
    """Cut what lies from `top` on, where it has more mass than may be alerts.

    Args:
        top: The strongest bound.
        values: Scaled values, shape (rows,).
        weight: What each row stands for.
        allowed: Mass that may be alerts.

    Returns:
        Bounds, rising, each with the share of the rows that lies beyond it; none where the budget is not exceeded.
    """
    if float(weight[values >= top].sum()) <= allowed:
        return {}
    shares = [part * allowed / float(weight.sum()) for part in CUTS]
    found = dict(zip(_bounds(values, weight, shares), shares, strict=True))
    return {bound: share for bound, share in found.items() if bound > top}


def _thinned(bounds: list[int], room: int) -> list[int]:
    """Keep so many of the bounds, the weakest and the strongest among them."""
    if len(bounds) <= room:
        return bounds
    return [bounds[round(at)] for at in np.linspace(0, len(bounds) - 1, room)]


def _bounds(values: Ints, weight: Floats, tails: Sequence[float]) -> list[int]:
    at = np.array([1 - tail for tail in tails], dtype=np.float64)
    return [_short(value) for value in weighted_quantiles(values.astype(np.float64), weight, at).tolist()]


def _short(value: float) -> int:
    """Round up to SIGNIFICANT digits: more would say nothing, and a person reads the limit in every alert."""
    unit = 10 ** max(len(str(math.ceil(value))) - SIGNIFICANT, 0)
    return int(math.ceil(value / unit) * unit)


def _merge(bounds: list[int], frauds: Ints, least: int) -> tuple[list[int], int]:
    """Drop bounds from the strongest down until every band holds enough frauds; return them and how many went."""
    ranked = np.sort(frauds)
    kept: list[int] = []
    upper = len(ranked)
    for bound in reversed(bounds[:MAX_BANDS]):
        start = int(np.searchsorted(ranked, bound))
        if upper - start >= least:
            kept.append(bound)
            upper = start
    kept.reverse()
    return kept, len(bounds) - len(kept)


def with_intervals(
    bands: Bands, values: Ints, rows: Rows, rng: np.random.Generator, resamples: int = RESAMPLES
) -> Bands:
    """Return the bands with 95 % intervals of their bounds, by a bootstrap over customers.

    Args:
        bands: What `find_bands` found.
        values: Scaled values of the measure, shape (rows,).
        rows: The rows.
        rng: Source of the resamples.
        resamples: How many.
    """
    if not bands.bounds:
        return bands
    usable = (values >= 0) & (rows.weight > 0)
    plain = len(bands.bounds) - bands.cuts
    ends = []
    for tails, chosen in ((bands.tails[:plain], usable & ~rows.fraud), (bands.tails[plain:], usable)):
        if tails:
            ends.append(_quantile_ends(tails, values[chosen], rows.take(chosen), rng, resamples))
    low, high = (np.concatenate(each) for each in zip(*ends, strict=True))
    bounds = np.array(bands.bounds)
    return replace(
        bands,
        low=tuple(int(value) for value in np.minimum(np.floor(low), bounds)),
        high=tuple(int(value) for value in np.maximum(np.ceil(high), bounds)),
    )


def _quantile_ends(
    tails: Sequence[float], values: Ints, rows: Rows, rng: np.random.Generator, resamples: int
) -> tuple[Floats, Floats]:
    """Return the ends of the intervals of the quantiles that leave `tails` of the rows beyond them."""
    # Only distinct values matter, and there are far fewer of them than rows in most measures.
    distinct, place = np.unique(values, return_inverse=True)
    at = 1 - np.array(tails)

    def statistic(resampled: Floats) -> Floats:
        mass = np.bincount(place, resampled, len(distinct))
        total = mass.sum()
        if total == 0:
            return np.full(len(at), np.nan)
        middle = (np.cumsum(mass) - mass / 2) / total
        return np.asarray(np.interp(at, middle, distinct))

    low, high = bootstrap(statistic, rows.weight, rng, resamples, rows.group)
    return np.asarray(low), np.asarray(high)
