"""Fraud rates by kind of purchase, held against simultaneous intervals of the source's."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from streamflow.calibration.evidence import Prepared
from streamflow.calibration.fidelity_samples import class_codes
from streamflow.calibration.fraud import TENTHS, tenth_of
from streamflow.calibration.products import CLASSES
from streamflow.datasets.table import Ints
from streamflow.statistics.intervals import effective_n, wilson

LEVEL = 0.95
LEAST_ROWS = 50
LEAST_ALL, LEAST_FRAUDS = 20, 100


class Rates(NamedTuple):
    """How far the generated rates lie from the source's.

    Attributes:
        worst: Largest distance over the half width of the interval, on the side where it lies; at most 1 is inside.
        note: How many cells, and which is the worst.
    """

    worst: float
    note: str


class Cell(NamedTuple):
    """One kind of purchase in one table.

    Attributes:
        n: Effective number of rows.
        rate: Weighted share of fraud.
        clustered: Variance of the rate with customers as clusters.
    """

    n: float
    rate: float
    clustered: float


def rate_gates(one: Prepared, other: Prepared) -> Iterator[tuple[str, Rates | str]]:
    """Yield name and outcome by kind: all purchases, hours, tenths of the time, products; a text says why none.

    Args:
        one: The source.
        other: The run.
    """
    everything = [np.zeros(len(rows.table), dtype=np.int64) for rows in (one, other)]
    yield "all", _rates(one, other, (everything[0], everything[1]), ["all"])
    yield "hours", _rates(one, other, (one.hour, other.hour), [f"{hour} h" for hour in range(24)])
    tenths = [tenth_of(rows.table.event_us, rows.traffic.start_us, rows.traffic.days) for rows in (one, other)]
    yield "tenths", _rates(one, other, (tenths[0], tenths[1]), [f"tenth {place + 1}" for place in range(TENTHS)])
    if one.table.product is None:
        yield "products", "no product column"
    elif other.table.product is None:
        yield "products", Rates(float("inf"), "the run has no products")
    else:
        yield "products", _rates(one, other, (class_codes(one), class_codes(other)), list(CLASSES))


def _rates(one: Prepared, other: Prepared, codes: tuple[Ints, Ints], names: list[str]) -> Rates | str:
    least = LEAST_FRAUDS if len(names) > 1 else LEAST_ALL
    if one.table.fraud.sum() < least:
        return f"fewer than {least} frauds"
    pairs = [(name, _cell(one, codes[0] == place), _cell(other, codes[1] == place)) for place, name in enumerate(names)]
    kept: list[tuple[str, Cell, Cell]] = [
        (name, mine, theirs) for name, mine, theirs in pairs if min(mine.n, theirs.n) >= LEAST_ROWS
    ]
    if not kept:
        return f"no kind has {LEAST_ROWS} purchases"
    effects = [_design_effect([mine for _, mine, _ in kept]), _design_effect([theirs for _, _, theirs in kept])]
    z = NormalDist().inv_cdf(1 - (1 - LEVEL ** (1 / len(kept))) / 2)
    worst, where = 0.0, kept[0][0]
    for name, mine, theirs in kept:
        # As wide as two runs of these sizes may lie apart: both have noise, and fraud comes in episodes.
        n = 1 / (effects[0] / mine.n + effects[1] / theirs.n)
        inside = wilson(mine.rate * n, n, z)
        apart = theirs.rate - mine.rate
        room = inside.high - mine.rate if apart > 0 else mine.rate - inside.low
        distance = abs(apart) / room if room > 0 else (0.0 if apart == 0 else float("inf"))
        if distance > worst:
            worst, where = distance, name
    judged = f"{len(kept)} of {len(names)} kinds with {LEAST_ROWS} purchases"
    return Rates(worst, f"{judged}, simultaneous intervals (Sidak); worst: {where}")


def _design_effect(cells: list[Cell]) -> float:
    """Return by how much dependence within customers widens rates; pooled, since a rare kind says little of its own."""
    independent = sum(cell.rate * (1 - cell.rate) / cell.n for cell in cells)
    return max(1.0, sum(cell.clustered for cell in cells) / independent) if independent else 1.0


def _cell(rows: Prepared, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Cell:
    weights, fraud = rows.table.weight[chosen], rows.table.fraud[chosen]
    whole = float(weights.sum())
    if not whole:
        return Cell(0.0, 0.0, 0.0)
    rate = float(weights[fraud].sum()) / whole
    residual = weights * (fraud - rate)
    groups = rows.groups_of(chosen)
    sums = residual if groups is None else np.bincount(groups, residual)
    return Cell(effective_n(weights), rate, float(np.square(sums).sum()) / whole**2)
