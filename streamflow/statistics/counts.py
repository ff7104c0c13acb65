"""How differently customers are: gamma rates behind counts whose zeros are not seen, and variance between them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
STEPS = 60


class Rates(NamedTuple):
    """A gamma distribution of rates behind counts.

    Attributes:
        mean: Mean count of all customers, those never seen included.
        shape: Of the gamma; its squared coefficient of variation is 1 / shape.
        seen: Share of the customers seen at least once.
    """

    mean: float
    shape: float
    seen: float


def fit_rates(mean: float, square: float, pairs: float = 0.0, least: float = 0.05, most: float = 200.0) -> Rates:
    """Fit a negative binomial whose zeros are not seen, by its first two moments.

    Args:
        mean: Mean count of the customers seen.
        square: Mean squared count of the customers seen.
        pairs: Share of purchases that come with another one: a count varies by 1 + 2 pairs of its mean, not by 1.
        least: Smallest shape considered.
        most: Largest shape considered: rates that hardly differ.
    """

    def unseen(mu: float, shape: float) -> float:
        return math.exp(-shape * math.log1p(mu / shape))

    def mu_of(shape: float) -> float:
        low, high = 1e-9, mean
        for _ in range(STEPS):
            mu = (low + high) / 2
            low, high = (mu, high) if mu / (1 - unseen(mu, shape)) < mean else (low, mu)
        return (low + high) / 2

    def excess(shape: float) -> float:
        mu = mu_of(shape)
        return (mu * (1 + 2 * pairs) + mu * mu * (1 + 1 / shape)) / (1 - unseen(mu, shape)) - square

    low, high = math.log(least), math.log(most)
    if mean <= 1 or excess(most) >= 0:
        shape = most
    elif excess(least) <= 0:
        shape = least
    else:
        for _ in range(STEPS):
            middle = (low + high) / 2
            low, high = (middle, high) if excess(math.exp(middle)) > 0 else (low, middle)
        shape = math.exp((low + high) / 2)
    mu = mu_of(shape) if mean > 1 else mean
    return Rates(mu, shape, 1 - unseen(mu, shape) if mean > 1 else 1.0)


def variance_shares(scores: Floats, groups: npt.NDArray[np.int64]) -> tuple[float, Floats, Floats]:
    """Return the share of the variance between groups, by one-way analysis of variance with groups of any size.

    Args:
        scores: Shape (rows,).
        groups: Shape (rows,); number of each row's customer, from 0.

    Returns:
        The share, 0 to 1; and each group's part in the numerator and in the denominator of the estimate of the
        correlation within groups, for a bootstrap: its agreeing pairs' mean product, and its mean square.
    """
    n = np.bincount(groups)
    centred = scores - scores.mean()
    sums, squares = np.bincount(groups, centred), np.bincount(groups, np.square(centred))
    several = n >= 2
    # The mean product of two different rows of a group, weighted by its rows: the covariance within groups.
    products = (sums[several] ** 2 - squares[several]) / (n[several] - 1)
    between, whole = products.astype(np.float64), squares[several].astype(np.float64)
    share = float(np.clip(between.sum() / whole.sum(), 0.0, 1.0)) if whole.sum() else 0.0
    return share, between, whole
