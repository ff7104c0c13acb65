"""Monotone quantile splines and the normal distribution function, vectorised, without scipy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class QuantileSpline:
    """A monotone cubic through (quantile, log amount): Fritsch and Carlson 1980, with Hyman's limit of three slopes.

    Between knots the quantile function rises, so that no amount is drawn outside them and none is folded over. Two
    knots with the same amount are a price point: between them it stays.
    """

    def __init__(self, quantiles: Floats, amounts: Floats) -> None:
        """Fit the cubic.

        Args:
            quantiles: Rising from 0 to 1.
            amounts: Positive, never falling; any unit.
        """
        self._x = quantiles
        self._y = np.log(amounts)
        width = np.diff(quantiles)
        slope = np.diff(self._y) / width
        before, after = slope[:-1], slope[1:]
        rises = (before > 0) & (after > 0)
        before, after = np.where(rises, before, 1.0), np.where(rises, after, 1.0)
        spread = (2 * width[1:] + width[:-1]) / before + (width[1:] + 2 * width[:-1]) / after
        inner = np.where(rises, 3 * (width[1:] + width[:-1]) / spread, 0.0)
        self._slopes = np.concatenate(([slope[0]], inner, [slope[-1]]))

    def __call__(self, u: Floats) -> Floats:
        """Return the amounts at quantiles `u` (0..1)."""
        i = np.clip(np.searchsorted(self._x, u, side="right") - 1, 0, len(self._x) - 2)
        width = self._x[i + 1] - self._x[i]
        t = (u - self._x[i]) / width
        rest = 1 - t
        log = (
            self._y[i] * (1 + 2 * t) * rest**2
            + self._slopes[i] * width * t * rest**2
            + self._y[i + 1] * t**2 * (3 - 2 * t)
            - self._slopes[i + 1] * width * t**2 * rest
        )
        return np.asarray(np.exp(log))


class Margin:
    """Moves amounts of several classes onto one distribution, keeping their order: x goes to Q(F(x)).

    F is the distribution of the amounts that the world would draw, Q the quantile function that the whole shall have.
    How dear a purchase is among all stays what classes and habits say; what it costs becomes what the margin says.
    """

    GRID = 20_001

    def __init__(self, amounts: Floats, mass: Floats, target: QuantileSpline) -> None:
        """Tabulate F.

        Args:
            amounts: What the world would draw, positive, any order.
            mass: How often each, any scale, not negative.
            target: The quantile function to meet.
        """
        order = np.argsort(amounts, kind="stable")
        cumulative = np.cumsum(mass[order])
        rank = (cumulative - mass[order] / 2) / cumulative[-1]
        log = np.log(amounts[order])
        if len(log) > self.GRID:
            chosen = np.unique(np.linspace(0, len(log) - 1, self.GRID).astype(np.int64))
            log, rank = log[chosen], rank[chosen]
        self._log, self._rank = log, rank
        self._target = target

    def __call__(self, amounts: Floats) -> Floats:
        """Return what these amounts become, minor units."""
        return self._target(np.interp(np.log(amounts), self._log, self._rank))


def normal_cdf(z: Floats) -> Floats:
    """Return the standard normal distribution function, to 1e-7 (Abramowitz and Stegun 26.2.17)."""
    t = 1 / (1 + 0.2316419 * np.abs(z))
    poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * poly
    return np.asarray(np.where(z >= 0, 1 - tail, tail))
