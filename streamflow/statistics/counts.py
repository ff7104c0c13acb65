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


def fit_rates(mean: float, square: float, least: float = 0.05, most: float = 200.0) -> Rates:
    """Fit a negative binomial whose zeros are not seen, by its first two moments.

    Args:
        mean: Mean count of the customers seen.
        square: Mean squared count of the customers seen.
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
        return (mu + mu * mu * (1 + 1 / shape)) / (1 - unseen(mu, shape)) - square

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


def fit_rate_grid(counts: Floats, times: Floats, rates: Floats, start: Floats, rounds: int) -> Floats:
    """Fit shares of the customers by rate to counts of which zeros are not seen, by maximum likelihood.

    Args:
        counts: Shape (kinds,); distinct counts, 1 or more.
        times: Shape (kinds,); customers with each.
        rates: Shape (rates,); Poisson means considered.
        start: Shape (rates,); shares of the customers seen to begin with.
        rounds: Of expectation and maximisation.

    Returns:
        Shape (rates,); shares of the customers that are seen.
    """
    log = counts[:, np.newaxis] * np.log(rates) - rates - np.log(-np.expm1(-rates))
    likelihood = np.exp(log - log.max(axis=1, keepdims=True))
    shares = start
    for _ in range(rounds):
        whole = likelihood @ shares
        shares = shares * ((times / np.maximum(whole, 1e-300)) @ likelihood) / times.sum()
    return shares


def mean_rate(rates: Floats, shares: Floats) -> float:
    """Return the mean rate of all customers, those never seen included; arguments as for `rate_quantiles`."""
    of_all = shares / -np.expm1(-rates)
    return float(of_all @ rates / of_all.sum())


def rate_quantiles(rates: Floats, shares: Floats, at: Floats) -> Floats:
    """Return quantiles of the rates of all customers, each grid point spread over its cell of a logarithmic grid.

    Args:
        rates: Shape (rates,); evenly spaced in logarithms.
        shares: Shape (rates,); shares of the customers seen, as `fit_rate_grid` gives them.
        at: Quantiles, 0 to 1.
    """
    of_all = shares / -np.expm1(-rates)
    half = np.log(rates[1] / rates[0]) / 2
    edges = np.append(np.log(rates) - half, np.log(rates[-1]) + half)
    cumulative = np.concatenate(([0.0], np.cumsum(of_all / of_all.sum())))
    # A cell without mass would make the quantile function jump back and forth in floating point.
    rising = np.concatenate(([True], np.diff(cumulative) > 1e-12))
    first = max(0, int(np.argmax(cumulative > 1e-12)) - 1)
    rising[: first + 1] = False
    rising[first] = True
    return np.exp(np.interp(at, cumulative[rising], edges[rising]))


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
