"""What a fraud analyst looks at first in labelled purchases, as numbers with intervals; the plots of it are elsewhere.

Everything respects the rows' weights. Intervals are 95 %: Wilson's for shares, on the effective number of rows; for
quantiles the quantiles at the ends of that interval (R. S. Woodruff, JASA 47, 1952), which needs no resampling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from streamflow.datasets.table import Bools, Codes, Floats, Ints, PurchaseTable
from streamflow.statistics.intervals import Share, effective_n, weighted_quantiles, weighted_share, wilson

HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
CLASSES = (("legitimate", False), ("fraud", True))
REUSE_EDGES = (1, 2, 3, 6, 11, 21, 51)
GAP_EDGES_S = (0, 60, 600, 3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400)
GAP_NAMES = ("below a minute", "1-10 min", "10-60 min", "1-6 h", "6-24 h", "1-7 days", "7-30 days", "30 days and more")


@dataclass(frozen=True, slots=True)
class Group:
    """One group of purchases.

    Attributes:
        name: Which.
        rows: Rows in it, unweighted.
        share: Its weighted share of all.
        fraud: Its fraud rate.
    """

    name: str
    rows: int
    share: Share
    fraud: Share


@dataclass(frozen=True, slots=True)
class Quantile:
    """A weighted quantile of the amounts of a class, minor units, with the ends of its interval."""

    label: str
    at: float
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bin:
    """A bin of a density: its edges, and the share of the class's mass in it by width."""

    label: str
    low: float
    high: float
    density: float


@dataclass(frozen=True, slots=True)
class Moment:
    """A slice of time: from and to in microseconds, purchases by weight, and their fraud rate."""

    start_us: int
    end_us: int
    purchases: float
    fraud: Share


@dataclass(frozen=True, slots=True)
class HourShare:
    """An hour of the day: its share of each class's purchases and its fraud rate."""

    hour: int
    legitimate: Share
    fraud: Share
    rate: Share


def fraud_share(fraud: Bools, weights: Floats) -> Share:
    """Return a fraud rate whose interval is honest when frauds and other rows have different weights.

    A sample may hold every fraud and one legitimate row in a hundred. What is uncertain is then each class's own mass:
    on the scale of log-odds their variances add, 1/n of the frauds and 1/n of the others, n being effective numbers.
    The interval is Wilson's on the number of rows that would have that variance; without weights it is all of them.

    Args:
        fraud: Shape (rows,).
        weights: Shape (rows,), positive.
    """
    whole = float(weights.sum())
    if whole == 0:
        return wilson(0, 0)
    rate = float(weights[fraud].sum()) / whole
    if rate in (0.0, 1.0):
        n = effective_n(weights)
    else:
        variance = 1 / effective_n(weights[fraud]) + 1 / effective_n(weights[~fraud])
        n = 1 / (rate * (1 - rate) * variance)
    return wilson(rate * n, n)


def groups(table: PurchaseTable, codes: Ints, names: tuple[str, ...]) -> list[Group]:
    """Return the groups of a numbering, those without a row left out.

    Args:
        table: The purchases.
        codes: Shape (rows,); the place in `names`, below 0 where the row is in none.
        names: What the groups are called.
    """
    found = []
    for code, name in enumerate(names):
        chosen = codes == code
        if chosen.any():
            share = weighted_share(chosen, table.weight)
            rate = fraud_share(table.fraud[chosen], table.weight[chosen])
            found.append(Group(name, int(chosen.sum()), share, rate))
    return found


def mix(table: PurchaseTable, codes: Codes) -> list[Group]:
    """Return the groups of a column of names, the largest first."""
    return sorted(groups(table, codes.codes, tuple(codes.names)), key=lambda group: (-group.share.part, group.name))


def amount_quantiles(table: PurchaseTable, at: tuple[float, ...] = (0.25, 0.5, 0.75, 0.95, 0.99)) -> list[Quantile]:
    """Return quantiles of the amounts of each class, in minor units."""
    found = []
    for label, is_fraud in CLASSES:
        rows = table.fraud == is_fraud
        if rows.any():
            found += _quantiles(label, table.amount_minor[rows].astype(np.float64), table.weight[rows], at)
    return found


def _quantiles(label: str, values: Floats, weights: Floats, at: tuple[float, ...]) -> list[Quantile]:
    n = effective_n(weights)
    ends = [wilson(q * n, n) for q in at]
    points = np.array([[q, end.low, end.high] for q, end in zip(at, ends, strict=True)])
    found = weighted_quantiles(values, weights, points.ravel()).reshape(points.shape)
    return [Quantile(label, q, *row) for q, row in zip(at, found.tolist(), strict=True)]


def amount_density(table: PurchaseTable, bins_a_decade: int = 8) -> list[Bin]:
    """Return the density of log10 of the amounts of each class, edges in minor units."""
    logs = np.log10(table.amount_minor)
    steps = np.arange(np.floor(logs.min() * bins_a_decade), np.ceil(logs.max() * bins_a_decade) + 1)
    edges = steps / bins_a_decade
    found = []
    for label, is_fraud in CLASSES:
        rows = table.fraud == is_fraud
        mass, _ = np.histogram(logs[rows], edges, weights=table.weight[rows])
        density = mass / max(float(mass.sum()), 1e-300) * bins_a_decade
        found += [
            Bin(label, 10**low, 10**high, value)
            for low, high, value in zip(edges[:-1].tolist(), edges[1:].tolist(), density.tolist(), strict=True)
        ]
    return found


def price_points(table: PurchaseTable, most: int = 12) -> list[Group]:
    """Return the amounts that occur most, by weight; names are amounts in major units."""
    values, codes = np.unique(table.amount_minor, return_inverse=True)
    mass = np.bincount(codes, weights=table.weight)
    top = np.argsort(-mass, kind="stable")[:most]
    place = np.full(len(values), -1, dtype=np.int64)
    place[top] = np.arange(len(top))
    return groups(table, place[codes], tuple(f"{value / 100:.2f}" for value in values[top].tolist()))


def hours(table: PurchaseTable) -> list[HourShare]:
    """Return the 24 hours of the day; local ones where offsets are known, the file's own convention without a date."""
    local = table.event_us if table.offset_min is None else table.event_us + table.offset_min * 60_000_000
    hour = local // HOUR_US % 24
    found = []
    for number in range(24):
        chosen = hour == number
        by_class = [weighted_share(chosen[rows], table.weight[rows]) for rows in (~table.fraud, table.fraud)]
        rate = fraud_share(table.fraud[chosen], table.weight[chosen])
        found.append(HourShare(number, by_class[0], by_class[1], rate))
    return found


def over_time(table: PurchaseTable, slices: int) -> list[Moment]:
    """Return the fraud rate in equal slices of the whole period."""
    start, end = int(table.event_us.min()), int(table.event_us.max()) + 1
    edges = np.linspace(start, end, slices + 1).astype(np.int64)
    place = np.searchsorted(edges, table.event_us, side="right") - 1
    found = []
    for number in range(slices):
        chosen = place == number
        rate = fraud_share(table.fraud[chosen], table.weight[chosen])
        found.append(Moment(int(edges[number]), int(edges[number + 1]), float(table.weight[chosen].sum()), rate))
    return found


def reuse(table: PurchaseTable, codes: Codes) -> list[Group]:
    """Return purchases by how often their card, customer or device buys in the file; rows without one are left out."""
    known = codes.codes >= 0
    times = np.bincount(codes.codes[known], minlength=len(codes.names))
    place = np.full(len(codes.codes), -1, dtype=np.int64)
    place[known] = np.searchsorted(REUSE_EDGES, times[codes.codes[known]], side="right") - 1
    return groups(table, place, _edge_names(REUSE_EDGES))


def gaps(table: PurchaseTable, codes: Codes) -> list[Group]:
    """Return purchases by the time since the same card, customer or device bought before; first ones are left out."""
    order = np.lexsort((table.event_us, codes.codes))
    same = (codes.codes[order][1:] == codes.codes[order][:-1]) & (codes.codes[order][1:] >= 0)
    seconds = np.diff(table.event_us[order]) / 1e6
    place = np.full(len(order), -1, dtype=np.int64)
    place[order[1:][same]] = np.searchsorted(GAP_EDGES_S, seconds[same], side="right") - 1
    return groups(table, place, GAP_NAMES)


def duplicates(columns: Mapping[str, npt.NDArray[np.generic]], fraud: Bools) -> tuple[int, int]:
    """Return how many rows repeat an earlier one in every column, and how many of those are fraud.

    Args:
        columns: By name, each of shape (rows,).
        fraud: Shape (rows,).
    """
    code = np.zeros(len(fraud), dtype=np.int64)
    for values in columns.values():
        distinct = np.unique(values, return_inverse=True)[1]
        code = np.unique(code * (int(distinct.max(initial=0)) + 1) + distinct, return_inverse=True)[1]
    first = np.zeros(len(code), dtype=np.bool_)
    first[np.unique(code, return_index=True)[1]] = True
    return int((~first).sum()), int((~first & fraud).sum())


def separation(columns: Mapping[str, Floats], fraud: Bools, weights: Floats) -> dict[str, float]:
    """Return how far apart the classes lie in each column: the greatest distance of their distribution functions.

    Args:
        columns: By name, each of shape (rows,).
        fraud: Shape (rows,).
        weights: Shape (rows,).

    Returns:
        The Kolmogorov-Smirnov distance by column, the greatest first.
    """
    found = {}
    for name, values in columns.items():
        order = np.argsort(values, kind="stable")
        ends = np.append(np.diff(values[order]) > 0, True)
        distance = np.zeros(int(ends.sum()))
        for is_fraud, sign in ((True, 1.0), (False, -1.0)):
            mass = np.where(fraud[order] == is_fraud, weights[order], 0.0)
            distance += sign * (np.cumsum(mass) / max(float(mass.sum()), 1e-300))[ends]
        found[name] = float(np.abs(distance).max())
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _edge_names(edges: tuple[int, ...]) -> tuple[str, ...]:
    ends = [str(low) if high == low + 1 else f"{low}-{high - 1}" for low, high in pairwise(edges)]
    return (*ends, f"{edges[-1]} and more")
