"""Fraud rates by kind of purchase, held against simultaneous intervals around the source's."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from streamflow.calibration.fidelity.samples import class_codes
from streamflow.calibration.world.evidence import Prepared
from streamflow.calibration.world.fraud import TENTHS, tenth_of
from streamflow.calibration.world.products import CLASSES
from streamflow.datasets.table import Ints
from streamflow.statistics.intervals import effective_n

LEVEL = 0.95
LEAST_ROWS = 50
LEAST_ALL, LEAST_FRAUDS = 20, 100


class Rates(NamedTuple):
    """How far the generated rates lie from the source's.

    Attributes:
        worst: Largest distance over the half width of the interval; at most 1 is inside.
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

    @property
    def independent(self) -> float:
        """Variance that the rate would have if purchases were independent."""
        return self.rate * (1 - self.rate) / self.n if self.n else 0.0


Compared = list[tuple[str, Cell, Cell]]


def rate_gates(one: Prepared, other: Prepared) -> Iterator[tuple[str, Rates | str]]:
    """Yield name and outcome by kind: all purchases, hours, tenths of the time, products; a text says why none.

    Args:
        one: The source.
        other: The run.
    """
    compared = dict(_compared(one, other))
    cells = sum(len(outcome) for outcome in compared.values() if not isinstance(outcome, str))
    z = NormalDist().inv_cdf(1 - (1 - LEVEL ** (1 / max(1, cells))) / 2)
    for name, outcome in compared.items():
        if isinstance(outcome, str):
            yield name, outcome
        elif name == "products" and other.table.product is None:
            yield name, Rates(float("inf"), "the run has no products")
        else:
            yield name, _rates(outcome, z, cells)


def _compared(one: Prepared, other: Prepared) -> Iterator[tuple[str, Compared | str]]:
    everything = [np.zeros(len(rows.table), dtype=np.int64) for rows in (one, other)]
    yield "all", _cells(one, other, (everything[0], everything[1]), ["all"])
    hours = [f"{hour} h" for hour in range(24)]
    yield "hours", _cells(one, other, (one.hour, other.hour), hours)
    if one.table.offset_min is None or other.table.offset_min is None:
        yield "local_hours", "no local offsets"
    else:
        local = [(rows.minute // 60).astype(np.int64) for rows in (one, other)]
        yield "local_hours", _cells(one, other, (local[0], local[1]), hours)
    tenths = [tenth_of(rows.table.event_us, rows.traffic.start_us, rows.traffic.days) for rows in (one, other)]
    yield "tenths", _cells(one, other, (tenths[0], tenths[1]), [f"tenth {place + 1}" for place in range(TENTHS)])
    if one.table.product is None:
        yield "products", "no product column"
    elif other.table.product is None:
        yield "products", []
    else:
        yield "products", _cells(one, other, (class_codes(one), class_codes(other)), list(CLASSES))


def _cells(one: Prepared, other: Prepared, codes: tuple[Ints, Ints], names: list[str]) -> Compared | str:
    least = LEAST_FRAUDS if len(names) > 1 else LEAST_ALL
    if one.table.fraud.sum() < least:
        return f"fewer than {least} frauds"
    pairs = [(name, _cell(one, codes[0] == place), _cell(other, codes[1] == place)) for place, name in enumerate(names)]
    kept = [(name, mine, theirs) for name, mine, theirs in pairs if min(mine.n, theirs.n) >= LEAST_ROWS]
    return kept or f"no kind has {LEAST_ROWS} purchases"


def _rates(compared: Compared, z: float, cells: int) -> Rates:
    pooled = _pooled_effect([mine for _, mine, _ in compared]), _pooled_effect([theirs for _, _, theirs in compared])
    worst, where = 0.0, compared[0][0]
    for name, mine, theirs in compared:
        # How far two runs of these sizes may lie apart if both have one rate: the score interval of a difference, which
        # holds for rates near 0 as well. Both runs have noise, and fraud comes in episodes.
        rows = _rows(mine, pooled[0]), _rows(theirs, pooled[1])
        common = (mine.rate * rows[0] + theirs.rate * rows[1]) / sum(rows)
        room = z * math.sqrt(common * (1 - common) * (1 / rows[0] + 1 / rows[1]))
        apart = abs(theirs.rate - mine.rate)
        distance = apart / room if room > 0 else (0.0 if apart == 0 else float("inf"))
        if distance > worst:
            worst, where = distance, name
    kinds = f"{len(compared)} kinds with {LEAST_ROWS} purchases"
    return Rates(worst, f"{kinds}, interval of {cells} rates together (Sidak); worst: {where}")


def _pooled_effect(cells: list[Cell]) -> float:
    """Return by how much dependence within customers widens rates, pooled over kinds."""
    independent = sum(cell.independent for cell in cells)
    return max(1.0, sum(cell.clustered for cell in cells) / independent) if independent else 1.0


def _rows(cell: Cell, pooled: float) -> float:
    """Return how many independent rows would say as much; a rare kind's own effect counts where it is the larger."""
    own = cell.clustered / cell.independent if cell.independent else 1.0
    return cell.n / max(pooled, own)


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
