"""Bands of strength from data: bounds at quantiles of legitimate purchases, merged until each holds enough fraud."""

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
        tails: For each bound, the share of legitimate purchases at or beyond it that it was asked for.
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

    @property
    def name(self) -> str:
        """`rule.measure`."""
        return f"{self.rule}.{self.measure}"

    def index(self, values: Ints) -> Index:
        """Return how many bounds each scaled value reaches."""
        return np.searchsorted(np.array(self.bounds, dtype=np.int64), values, side="right").astype(np.int8)


def find_bands(measured: Measured, rows: Rows, least: int = MIN_FRAUDS) -> Bands:
    """Place bounds at quantiles of legitimate purchases and merge bands with too few frauds.

    Args:
        measured: The measure.
        rows: The rows.
        least: Frauds that a band must hold.

    Returns:
        The bands, without intervals. A band with too few frauds joins the weaker one; the weakest joins "no band".
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
    return Bands(*named, tuple(kept), tuple(asked[bound] for bound in kept), note=note)


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
    legitimate = np.flatnonzero((values >= 0) & ~rows.fraud & (rows.weight > 0))
    # Only distinct values matter, and there are far fewer of them than rows in most measures.
    distinct, place = np.unique(values[legitimate], return_inverse=True)
    at = 1 - np.array(bands.tails)

    def statistic(resampled: Floats) -> Floats:
        mass = np.bincount(place, resampled, len(distinct))
        total = mass.sum()
        if total == 0:
            return np.full(len(at), np.nan)
        middle = (np.cumsum(mass) - mass / 2) / total
        return np.asarray(np.interp(at, middle, distinct))

    low, high = bootstrap(statistic, rows.weight[legitimate], rng, resamples, rows.group[legitimate])
    bounds = np.array(bands.bounds)
    return replace(
        bands,
        low=tuple(int(value) for value in np.minimum(np.floor(low), bounds)),
        high=tuple(int(value) for value in np.maximum(np.ceil(high), bounds)),
    )
