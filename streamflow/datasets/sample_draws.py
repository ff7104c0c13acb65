"""Draws behind the samples: quantile functions through published figures, names by share, hours of a day, CSV text."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import numpy as np

from streamflow.datasets.table import Floats, Ints

GRID = (np.arange(20_000) + 0.5) / 20_000
DAY_S = 86_400


def through_quantiles(knots: Mapping[str, float], mean: float | None = None, least: float = 1.0) -> Floats:
    """Return a quantile function on `GRID` that meets published quantiles.

    Between knots it is linear in the logarithm. Above the last knot before the maximum it bends as a lognormal does,
    as much as the published mean needs; nothing is above the maximum.

    Args:
        knots: Values by quantile, as `{"0": ..., "0.5": ..., "1": ...}`.
        mean: What the mean shall be; None leaves the last piece linear in the logarithm.
        least: What stands for zero in the logarithm.
    """
    from scipy.special import ndtri

    at = np.array([float(key) for key in knots])
    logs = np.log(np.maximum(np.array(list(knots.values()), dtype=np.float64), least))
    values = np.exp(np.interp(GRID, at, logs))
    if mean is None:
        return np.asarray(values)
    tail = np.greater(GRID, at[-2])
    z = ndtri(GRID[tail]) - ndtri(at[-2])
    low, high = 0.0, 5.0
    for _ in range(60):
        spread = (low + high) / 2
        values[tail] = np.minimum(np.exp(logs[-2] + spread * z), np.exp(logs[-1]))
        low, high = (spread, high) if values.mean() < mean else (low, spread)
    return np.asarray(values)


def draw(quantiles: Floats, u: Floats) -> Floats:
    """Return values at uniform draws, of a quantile function on `GRID`."""
    return np.asarray(quantiles[np.minimum((u * len(quantiles)).astype(np.int64), len(quantiles) - 1)])


def names_by_share(shares: Mapping[str, float], u: Floats, rest: str = "") -> list[str]:
    """Return a name a draw; what the shares leave of 1 becomes `rest`."""
    names = [*shares, rest]
    places = np.searchsorted(np.cumsum(list(shares.values())), u, side="right")
    return [names[place] for place in places.tolist()]


def seconds_of_days(u: Floats, days: float, hour_weights: Sequence[float]) -> Floats:
    """Return seconds from the start of a period whose every day has the same profile of hours, at uniform draws."""
    edges = np.arange(int(np.ceil(days * 24)) + 1) * 3600.0
    mass = np.tile(np.array(hour_weights), int(np.ceil(days)))[: len(edges) - 1]
    return np.asarray(np.interp(u, np.concatenate([[0.0], np.cumsum(mass)]) / mass.sum(), edges))


def zipf_odds(size: int, exponent: float, shift: float = 0.0) -> Floats:
    """Return odds of ranks that fall as a power, summing to 1."""
    odds = (np.arange(size) + 1.0 + shift) ** -exponent
    return np.asarray(odds / odds.sum())


def pick(odds: Floats, u: Floats) -> Ints:
    """Return a rank a draw."""
    return np.asarray(np.minimum(np.searchsorted(np.cumsum(odds), u, side="right"), len(odds) - 1), dtype=np.int64)


def csv_text(columns: Mapping[str, Sequence[object]]) -> bytes:
    """Return a CSV of columns of equal length."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue().encode()
