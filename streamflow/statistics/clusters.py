"""What shares and quantiles are worth where rows come in clusters: the purchases of one customer say much the same.

Variances are those of linearised sums over clusters (Kish, Survey Sampling, 1965, chapter 6); intervals of quantiles
are Woodruff's (JASA 47, 1952): the quantiles at the ends of the interval of the share below.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from streamflow.statistics.intervals import Z_95, Interval, effective_n, weighted_quantiles, wilson

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class Clustered(NamedTuple):
    """A share of clustered rows.

    Attributes:
        value: The weighted share.
        n: Independent rows that would say as much.
        interval: 95 %, Wilson's on `n`.
    """

    value: float
    n: float
    interval: Interval


def clustered_share(chosen: Bools, weights: Floats, groups: Ints | None = None) -> Clustered:
    """Return the weighted share of the chosen rows.

    Args:
        chosen: Shape (rows,).
        weights: Shape (rows,).
        groups: Number of each row's customer, from 0; rows are independent where there are none.
    """
    whole = float(weights.sum())
    rows = effective_n(weights)
    if whole == 0:
        return Clustered(0.0, 0.0, (0.0, 1.0))
    value = float(weights @ chosen) / whole
    n = rows
    residual = weights * (chosen - value)
    if groups is not None and 0 < value < 1:
        variance = float(np.square(np.bincount(groups, residual)).sum()) / whole**2
        n = min(rows, value * (1 - value) / variance) if variance else rows
    share = wilson(value * n, n)
    return Clustered(value, n, (share.low, share.high))


def clustered_mean(values: Floats, weights: Floats, groups: Ints | None = None) -> Clustered:
    """Return a weighted mean with its normal interval by clusters; `n` is the effective number of rows.

    Args:
        values: Shape (rows,).
        weights: Shape (rows,).
        groups: Number of each row's customer, from 0.
    """
    whole = float(weights.sum())
    if whole == 0:
        return Clustered(0.0, 0.0, (0.0, 0.0))
    value = float(weights @ values) / whole
    residual = weights * (values - value)
    squares = np.square(residual if groups is None else np.bincount(groups, residual))
    spread = Z_95 * float(np.sqrt(squares.sum())) / whole
    return Clustered(value, effective_n(weights), (value - spread, value + spread))


def clustered_shares(kinds: Ints, count: int, weights: Floats, groups: Ints | None = None) -> list[Clustered]:
    """Return the share of each kind; see `clustered_share`.

    Args:
        kinds: Shape (rows,); 0 up to count - 1.
        count: How many kinds there are.
        weights: Shape (rows,).
        groups: Number of each row's customer.
    """
    return [clustered_share(kinds == kind, weights, groups) for kind in range(count)]


def clustered_quantiles(
    values: Floats, weights: Floats, at: Floats, groups: Ints | None = None
) -> tuple[Floats, Floats, Floats]:
    """Return weighted quantiles and the ends of their 95 % intervals, each of the shape of `at`.

    Args:
        values: Shape (rows,).
        weights: Shape (rows,).
        at: Quantiles, 0 to 1.
        groups: Number of each row's customer, from 0.
    """
    found = weighted_quantiles(values, weights, at)
    rows = effective_n(weights)
    low, high = np.empty(len(at)), np.empty(len(at))
    for place, (quantile, value) in enumerate(zip(at.tolist(), found.tolist(), strict=True)):
        n = rows if groups is None else max(1.0, clustered_share(values <= value, weights, groups).n)
        # At the ends no row lies beyond: a rank of three rows either way is as good as 95 %.
        spread = max(Z_95 * np.sqrt(quantile * (1 - quantile) / n), 0.0 if 0 < quantile < 1 else 3 / n)
        low[place], high[place] = max(0.0, quantile - spread), min(1.0, quantile + spread)
    ends = weighted_quantiles(values, weights, np.concatenate((low, high)))
    return found, ends[: len(at)], ends[len(at) :]
