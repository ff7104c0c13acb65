"""How far a statistic of a window may lie from its source by sampling noise alone.

Every statistic here is a ratio of two sums over purchases, and purchases of one customer are dependent, so noise is
counted by customer. The variance is the one that a bootstrap over customers with Poisson counts has in the limit of
many resamples, to first order: the sum over customers of their squared residuals over the squared denominator. In that
form it costs one pass, has no noise of its own, and is the same number on every run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from streamflow.datasets.table import Bools, Floats, Ints

Band = tuple[float, float]

TELLING_COUNT = 30
"""Purchases from which a share tells its own design effect."""

MOSTLY_ONCE = 0.3
"""Share of the rows that must say something about their day beside their customer's other days."""


@dataclass(frozen=True)
class Ratio:
    """One ratio over the purchases of a window.

    Attributes:
        value: Sum of the tops over the sum of the bottoms.
        rows: Kish's effective number of rows behind it.
        variance: Of the value, by customers.
        block_variances: Shape (blocks,); of the ratio of each day, or week, by customers; NaN where it has none.
        block_rows: Shape (blocks,); sum of the bottoms.
        block_excess: Shape (blocks,); sum over pairs of customers of the product of their residuals.
        block_pairs: Shape (blocks,); what that sum would be if the whole block were one unit off.
    """

    value: float
    rows: float
    variance: float
    block_variances: Floats
    block_rows: Floats
    block_excess: Floats
    block_pairs: Floats

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
        cell: Shape (rows,); number of the row's pair of customer and block.
        cells: How many pairs there are.
        owner: Shape (cells,); the customer of each pair.
        block: Shape (cells,); the block of each pair, ascending; -1 outside of all.
        blocks: How many blocks there are.
    """

    cell: Ints
    cells: int
    owner: Ints
    block: Ints
    blocks: int

    @classmethod
    def of(cls, customer: Ints, block: Ints) -> Clusters:
        """Number the pairs of customer and block; a block of -1 is none."""
        people = int(customer.max(initial=-1)) + 1
        pairs, cell = np.unique((block + 1) * people + customer, return_inverse=True)
        blocks = int(block.max(initial=-1)) + 1
        return cls(cell.astype(np.int64), len(pairs), pairs % people, pairs // people - 1, blocks)

    def by_cell(self, of_rows: Floats) -> Floats:
        """Add up rows."""
        return np.bincount(self.cell, of_rows, self.cells).astype(np.float64)

    def by_customer(self, of_cells: Floats) -> Floats:
        """Add up cells."""
        return np.bincount(self.owner, of_cells).astype(np.float64)

    def by_block(self, of_cells: Floats) -> Floats:
        """Add up the cells that lie in a block."""
        # Pairs are numbered block by block, those outside of all first.
        begin = int(np.searchsorted(self.block, 0))
        return np.bincount(self.block[begin:], of_cells[begin:], self.blocks).astype(np.float64)


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
    cell_top, cell_bottom = clusters.by_cell(top), clusters.by_cell(bottom)
    whole, squared = float(cell_bottom.sum()), float(bottom @ bottom)
    value = float(cell_top.sum()) / whole if whole else 0.0
    residual = cell_top - value * cell_bottom
    block_rows = clusters.by_block(cell_bottom)
    off, shown = _about_themselves(cell_top, cell_bottom, residual, clusters)
    with np.errstate(invalid="ignore", divide="ignore"):
        block_variances = clusters.by_block(np.square(residual)) / np.square(block_rows)
    return Ratio(
        value,
        whole * whole / squared if squared else 0.0,
        float(np.square(clusters.by_customer(residual)).sum()) / (whole * whole) if whole else 0.0,
        block_variances,
        block_rows,
        np.square(clusters.by_block(off)) - clusters.by_block(np.square(off)),
        np.square(clusters.by_block(shown)) - clusters.by_block(np.square(shown)),
    )


def _about_themselves(top: Floats, bottom: Floats, residual: Floats, clusters: Clusters) -> tuple[Floats, Floats]:
    """Return each cell's residual about its customer's own ratio, and how much of a shift of its block it would show.

    About the ratio of all, customers who differ from each other for good would look like days that are too much alike,
    and hide how far days lie apart. Where most customers come on one day alone there is no ratio of their own, and they
    hide nothing.
    """
    own_top = clusters.by_customer(top)[clusters.owner]
    own_bottom = clusters.by_customer(bottom)[clusters.owner]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.nan_to_num(own_top / own_bottom)
        shown = np.nan_to_num(bottom * (1 - bottom / own_bottom))
    if shown.sum() < MOSTLY_ONCE * bottom.sum():
        return residual, bottom
    return top - ratio * bottom, shown


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
    apart = [one.block_excess for one in ratios]
    scale = [one.block_pairs * ((one.value * (1 - one.value)) ** 2 if share else 1.0) for one in ratios]
    excess, weight = np.sum(apart, axis=0), np.sum(scale, axis=0)
    blocks = int((weight > 0).sum())
    if blocks < 2:
        return None
    times = np.random.default_rng(0).poisson(1.0, (200, len(weight)))
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = (times @ excess) / (times @ weight)
    deviation = np.sqrt(np.maximum(0.0, np.concatenate([[excess.sum() / weight.sum()], np.nan_to_num(drawn)])))
    return float(deviation[0]), np.asarray(deviation[1:])


def at_most(variance: float, blocks: int) -> float:
    """Return the upper 95 % limit of a variance between so many blocks (chi-square, by Wilson and Hilferty, 1931).

    A variance that a few weeks show is often too small by half, and each window would pay for it.
    """
    freedom = max(1, blocks - 1)
    spread = 2 / (9 * freedom)
    quantile = freedom * float((1 - spread - NormalDist().inv_cdf(0.95) * math.sqrt(spread)) ** 3)
    return variance * freedom / quantile


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
