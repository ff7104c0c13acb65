"""Bootstrap over customers of statistics that are functions of how often each customer appears."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from streamflow.datasets.table import Floats, Ints
from streamflow.statistics.intervals import RESAMPLES


def resampled(statistic: Callable[[Floats], float], customers: int, rng: np.random.Generator) -> list[float]:
    """Return the 95 % percentile interval of a statistic of customers' counts of appearances."""
    drawn = [statistic(rng.poisson(1.0, customers).astype(np.float64)) for _ in range(RESAMPLES)]
    return [float(end) for end in np.nanpercentile(drawn, [2.5, 97.5])]


def renumbered(group: Ints) -> Ints:
    """Return groups numbered from 0 without holes, in the same order."""
    return np.unique(group, return_inverse=True)[1]


def weighted(times: Floats, values: Floats) -> float:
    """Return the sum of values, each as often as it appears; not by BLAS, whose threads cost more than they gain."""
    return float(np.multiply(times, values).sum())
