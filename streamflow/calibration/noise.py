"""How far a statistic of a window may lie from its source by sampling noise alone.

Every statistic here is a ratio of two sums over purchases, and purchases of one customer are dependent, so noise is
counted by customer. The variance is the one that a bootstrap over customers with Poisson counts has in the limit of
many resamples, to first order: the sum over customers of their squared residuals over the squared denominator. In that
form it costs one pass, has no noise of its own, and is the same number on every run.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from streamflow.datasets.table import Bools, Floats, Ints

Band = tuple[float, float]

TELLING_COUNT = 30
"""Purchases from which a share tells its own design effect."""


@dataclass(frozen=True)
class Ratio:
    """One ratio over the purchases of a window.

    Attributes:
        value: Sum of the tops over the sum of the bottoms.
        rows: Kish's effective number of rows behind it.
        variance: Of the value, by customers.
        block_values: Shape (blocks,); the ratio of each day, or week; NaN where it has none.
        block_variances: Shape (blocks,); of those, by customers.
        block_rows: Shape (blocks,); sum of the bottoms.
    """

    value: float
    rows: float
    variance: float
    block_values: Floats
    block_variances: Floats
    block_rows: Floats

    @property
    def binomial(self) -> float:
        """Variance that a share would have if purchases were independent."""
        return self.value * (1 - self.value) / self.rows if self.rows else 0.0

    @property
    def effective_rows(self) -> float:
        """How many independent purchases would say as much about a share."""
        spread = self.value * (1 - self.value)
        return min(self.rows, spread / self.variance) if self.variance > 0 and spread > 0 else self.rows


@dataclass(frozen=True)
class Clusters:
    """Who is dependent on whom: customers, and customers within a block of time.

    Attributes:
        customer: Shape (rows,); number of the row's customer.
        block: Shape (rows,); number of the row's block, -1 outside of all.
        blocks: How many there are.
        cell: Shape (rows,); number of the row's pair of customer and block.
        cell_block: Shape (cells,); the block of each pair.
    """

    customer: Ints
    block: Ints
    blocks: int
    cell: Ints
    cell_block: Ints

    @classmethod
    def of(cls, customer: Ints, block: Ints) -> Clusters:
        """Number the pairs of customer and block."""
        people = int(customer.max(initial=-1)) + 1
        pairs, cell = np.unique((block + 1) * people + customer, return_inverse=True)
        return cls(customer, block, int(block.max(initial=-1)) + 1, cell.astype(np.int64), pairs // people - 1)


def ratio_of(top: Floats, bottom: Floats, clusters: Clusters, rows: Bools | None = None) -> Ratio:
    """Return a ratio with its noise.

    Args:
        top: Shape (rows,); weighted.
        bottom: Shape (rows,); weighted, not negative.
        clusters: Who is dependent on whom.
        rows: Which rows count; all when not given.
    """
    if rows is not None:
        top, bottom = top * rows, bottom * rows
    whole = float(bottom.sum())
    value = float(top.sum()) / whole if whole else 0.0
    residual = top - value * bottom
    by_customer = np.bincount(clusters.customer, residual)
    squared = float(np.square(bottom).sum())
    inside = clusters.block >= 0
    block_top = np.bincount(clusters.block[inside], top[inside], clusters.blocks)
    block_bottom = np.bincount(clusters.block[inside], bottom[inside], clusters.blocks)
    by_cell = np.square(np.bincount(clusters.cell, residual))
    timed = clusters.cell_block >= 0
    block_square = np.bincount(clusters.cell_block[timed], by_cell[timed], clusters.blocks)
    with np.errstate(invalid="ignore", divide="ignore"):
        block_values, block_variances = block_top / block_bottom, block_square / np.square(block_bottom)
    return Ratio(
        value,
        whole * whole / squared if squared else 0.0,
        float(np.square(by_customer).sum()) / (whole * whole) if whole else 0.0,
        block_values,
        block_variances,
        block_bottom.astype(np.float64),
    )


def design_effect(ratios: list[Ratio], own: Ratio) -> float:
    """Return by how much dependence within customers widens a share's variance; never below 1.

    A rare share says little about its own dependence, so there the pooled effect of its family is the least.
    """
    alone = own.variance / own.binomial if own.binomial else 1.0
    if own.value * own.rows >= TELLING_COUNT:
        return max(1.0, alone)
    independent = sum(one.binomial for one in ratios)
    pooled = sum(one.variance for one in ratios) / independent if independent else 1.0
    return max(1.0, pooled, alone)


def between_blocks(ratios: list[Ratio], share: bool) -> tuple[float, Floats] | None:
    """Estimate how far blocks of time lie apart beyond sampling noise, as a standard deviation.

    Args:
        ratios: A family of statistics over the same blocks.
        share: Whether they are shares; the deviation is in log-odds then, else in the unit of the value.

    Returns:
        The pooled deviation, and 200 of it with the blocks resampled; None without at least two blocks.
    """
    apart, scale = [], []
    for one in ratios:
        known = np.isfinite(one.block_values) & (one.block_rows > 0)
        weights = np.where(known, one.block_rows, 0.0)
        moved = np.where(known, np.square(one.block_values - one.value) - one.block_variances, 0.0)
        unit = (one.value * (1 - one.value)) ** 2 if share else 1.0
        apart.append(weights * moved)
        scale.append(weights * unit)
    excess, weight = np.sum(apart, axis=0), np.sum(scale, axis=0)
    blocks = int((weight > 0).sum())
    if blocks < 2:
        return None
    times = np.random.default_rng(0).poisson(1.0, (200, len(weight)))
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = (times @ excess) / (times @ weight)
    deviation = np.sqrt(np.maximum(0.0, np.concatenate([[excess.sum() / weight.sum()], np.nan_to_num(drawn)])))
    return float(deviation[0]), np.asarray(deviation[1:])


def share_band(value: float, source_rows: float, window_rows: float, risk: float) -> Band:
    """Return between which ends a window's share lies with probability 1 - risk if nothing has changed.

    The predictive distribution of a binomial share whose rate is known from the source only so well (beta-binomial
    with Jeffreys' prior). It holds for shares near 0 as well, where a normal approximation would cry wolf.

    Args:
        value: The source's share.
        source_rows: Effective number of rows behind it.
        window_rows: Effective number of rows of the window.
        risk: Two-sided probability outside.
    """
    count = max(1, round(window_rows))
    yes, no = value * source_rows + 0.5, (1 - value) * source_rows + 0.5
    step = np.arange(count, dtype=np.float64)
    steps = np.log((count - step) * (step + yes)) - np.log((step + 1) * (count - step - 1 + no))
    log_mass = np.concatenate([[0.0], np.cumsum(steps)])
    mass = np.exp(log_mass - log_mass.max())
    mass /= mass.sum()
    low = int(np.searchsorted(np.cumsum(mass), risk / 2, side="right"))
    high = count - int(np.searchsorted(np.cumsum(mass[::-1]), risk / 2, side="right"))
    # Half a count either way: effective counts are no whole numbers.
    return max(0.0, (low - 0.5) / count), min(1.0, (high + 0.5) / count)


def mean_band(value: float, source_variance: float, window_variance: float, risk: float) -> Band:
    """Return between which ends a window's mean lies with probability 1 - risk if nothing has changed."""
    reach = NormalDist().inv_cdf(1 - risk / 2) * float(np.sqrt(source_variance + window_variance))
    return value - reach, value + reach
