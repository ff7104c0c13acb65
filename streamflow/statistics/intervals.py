"""Estimates with intervals, of rows that may carry weights; pure numpy, seeded, the same bytes for the same input.

Intervals are 95 %. Shares have Wilson's (E. B. Wilson, JASA 22, 1927), which stay inside 0 and 1 and hold for small
counts; everything else has percentile intervals of a bootstrap over rows, done with Poisson counts so that memory does
not grow with the number of resamples (Hanley and MacGibbon, Computers in Biology and Medicine 36, 2006).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Z_95 = 1.959963984540054
RESAMPLES = 200

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % Wilson interval.

    Attributes:
        part: Successes.
        whole: Trials.
        value: part / whole; None without trials.
        low: Lower end of the interval; 0 without trials.
        high: Upper end; 1 without trials.
    """

    part: float
    whole: float
    value: float | None
    low: float
    high: float


def wilson(part: float, whole: float, z: float = Z_95) -> Share:
    """Return a share with its Wilson interval."""
    if whole == 0:
        return Share(part, whole, None, 0.0, 1.0)
    share = part / whole
    spread = z * math.sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    centre = share + z * z / (2 * whole)
    scale = 1 + z * z / whole
    # At the ends the interval touches 0 and 1 exactly; floating point misses by a last bit.
    low = 0.0 if part == 0 else max(0.0, (centre - spread) / scale)
    high = 1.0 if part == whole else min(1.0, (centre + spread) / scale)
    return Share(part, whole, share, low, high)


def effective_n(weights: Floats) -> float:
    """Return Kish's effective number of rows: how many equal weights would say as much (L. Kish, 1965)."""
    squared = float(np.square(weights).sum())
    return float(weights.sum()) ** 2 / squared if squared else 0.0


def weighted_share(chosen: Bools, weights: Floats) -> Share:
    """Return the weighted share of the chosen rows, its interval by Wilson on the effective number of rows.

    Args:
        chosen: Shape (rows,).
        weights: Shape (rows,), not negative.
    """
    whole = float(weights.sum())
    if whole == 0:
        return wilson(0, 0)
    share = float(weights[chosen].sum()) / whole
    n = effective_n(weights)
    return wilson(share * n, n)


def weighted_quantiles(values: Floats, weights: Floats, at: Floats) -> Floats:
    """Return quantiles of weighted values: the midpoint rule, which is numpy's `hazen` where all weights are equal.

    Args:
        values: Shape (rows,), any order.
        weights: Shape (rows,), positive.
        at: Quantiles, 0 to 1.
    """
    order = np.argsort(values, kind="stable")
    ranked, mass = values[order], weights[order]
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    return np.asarray(np.interp(at, middle, ranked), dtype=np.float64)


def bootstrap(
    statistic: Callable[[Floats], Floats],
    weights: Floats,
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
    groups: npt.NDArray[np.int64] | None = None,
) -> tuple[Floats, Floats]:
    """Return the ends of 95 % percentile intervals of a statistic of weighted rows.

    Args:
        statistic: From weights, shape (rows,), to figures, shape (k,).
        weights: The rows' own weights.
        rng: Source of the resamples.
        resamples: How many.
        groups: Number of each row's customer, from 0; given it, customers are drawn, not rows.

    Returns:
        Lower and upper ends, each of shape (k,).
    """
    units = len(weights) if groups is None else int(groups.max(initial=-1)) + 1
    drawn = []
    for _ in range(resamples):
        times = rng.poisson(1.0, units).astype(np.float64)
        drawn.append(statistic(weights * (times if groups is None else times[groups])))
    low, high = np.nanpercentile(np.array(drawn), [2.5, 97.5], axis=0)
    return np.asarray(low), np.asarray(high)


def quantiles_with_intervals(
    values: Floats, weights: Floats, at: Floats, rng: np.random.Generator, resamples: int = RESAMPLES
) -> tuple[Floats, Floats, Floats]:
    """Return weighted quantiles and the ends of their intervals, each of the shape of `at`.

    Values are sorted once and counted by distinct value, so that a resample costs a cumulative sum, not a sort.
    """
    order = np.argsort(values, kind="stable")
    ranked, mass = values[order], weights[order]

    def statistic(resampled: Floats) -> Floats:
        total = resampled.sum()
        if total == 0:
            return np.full(len(at), np.nan)
        middle = (np.cumsum(resampled) - resampled / 2) / total
        return np.asarray(np.interp(at, middle, ranked))

    low, high = bootstrap(statistic, mass, rng, resamples)
    return statistic(mass), low, high


def share_intervals(counts: Floats, n: float) -> list[list[float]]:
    """Return Wilson intervals of the shares of several kinds.

    Args:
        counts: Mass of each kind, any scale.
        n: Effective number of rows behind all of them.
    """
    total = float(counts.sum())
    ends = []
    for mass in counts.tolist():
        share = wilson(mass / total * n, n) if total else wilson(0, 0)
        ends.append([share.low, share.high])
    return ends
