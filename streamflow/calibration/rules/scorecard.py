"""Weights of the bands, fitted together: a logistic regression whose score is the scorecard's own.

Log-odds = prior + sum over rules of the heaviest of the rule's measures. A band's weight is the sum of non-negative
increments up to it, so that weights never fall with strength; a ridge on the increments keeps small bands modest.
Counting rules as independent would overrate pairs that fire together, therefore the fit is joint. Which measure of a
rule counts depends on the weights: the fit alternates between the two until nothing changes.

Rows are compressed to patterns of bands first, so that a fit costs the same for ten thousand rows and for ten million.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streamflow.calibration.rules.bands import Bands, Rows
from streamflow.contracts.rule_sets import RULES
from streamflow.datasets.table import Bools, Floats, Ints
from streamflow.statistics.intervals import RESAMPLES

MAX_ROUNDS = 12
MAX_WEIGHT = 15.0
"""No increment exceeds this many log-odds: a band that only fraud reaches has no finite weight of its own."""

RESAMPLE_EXACTNESS = 1e-10
"""A resample's weights need no more digits than the interval that they make."""

Patterns = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Design:
    """Rows as patterns of bands.

    Attributes:
        bands: The measures, one a column of `patterns`.
        patterns: Distinct combinations of bands, shape (patterns, measures).
        place: Pattern of each row, shape (rows,).
        start: Where each measure's increments begin in the vector of parameters; the prior is parameter 0.
        size: Number of parameters.
    """

    bands: tuple[Bands, ...]
    patterns: Patterns
    place: Ints
    start: tuple[int, ...]
    size: int

    @property
    def rules(self) -> list[list[int]]:
        """Columns of each rule that has any."""
        columns = [[at for at, one in enumerate(self.bands) if one.rule == rule] for rule in RULES]
        return [found for found in columns if found]


@dataclass(frozen=True)
class Weights:
    """A fitted scorecard, in log-odds.

    Attributes:
        prior: Log-odds without any line.
        by_measure: For each measure, the weight of each of its bands, weakest first.
    """

    prior: float
    by_measure: tuple[Floats, ...]


def design_of(bands: Sequence[Bands], values: Mapping[str, Ints]) -> Design:
    """Compress rows to patterns.

    Args:
        bands: The measures' bands; those without a bound are left out.
        values: Scaled values of each measure by its name, shape (rows,).
    """
    used = tuple(one for one in bands if one.bounds)
    rows = len(next(iter(values.values())))
    index = np.zeros((rows, len(used)), dtype=np.int8)
    for column, one in enumerate(used):
        index[:, column] = one.index(values[one.name])
    patterns, place = _distinct(index)
    starts, at = [], 1
    for one in used:
        starts.append(at)
        at += len(one.bounds)
    return Design(used, patterns, place, tuple(starts), at)


def _distinct(index: Patterns) -> tuple[Patterns, Ints]:
    # One number a pattern: seven values at most a measure, and eight measures fit 64 bits with room.
    key = np.zeros(len(index), dtype=np.int64)
    for column in index.T:
        key = key * 8 + column
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    return index[first], place.astype(np.int64)


def masses(design: Design, fraud: Bools, weight: Floats) -> tuple[Floats, Floats]:
    """Return the mass of all rows and of the fraud in each pattern."""
    count = len(design.patterns)
    every, caught = np.bincount(design.place, weight, count), np.bincount(design.place, weight * fraud, count)
    return every.astype(np.float64), caught.astype(np.float64)


def _cumulated(design: Design, parameters: Floats, fixed: Mapping[str, Floats]) -> list[Floats]:
    """Return each measure's weights with a 0 for "no band" before them."""
    tables = []
    for one, start in zip(design.bands, design.start, strict=True):
        given = fixed.get(one.name)
        increments = parameters[start : start + len(one.bounds)]
        tables.append(np.concatenate(([0.0], np.cumsum(increments) if given is None else given)))
    return tables


def _attribution(design: Design, tables: list[Floats]) -> Bools:
    """Return which measure counts in each pattern: of a rule's measures the heaviest, of equal ones the first."""
    counts = np.zeros(design.patterns.shape, dtype=np.bool_)
    for columns in design.rules:
        each = np.stack([tables[column][design.patterns[:, column]] for column in columns], axis=1)
        winner = np.array(columns)[each.argmax(axis=1)]
        counts[np.arange(len(counts)), winner] = True
    return counts


def log_odds(design: Design, weights: Weights) -> Floats:
    """Return the log-odds of each pattern, shape (patterns,)."""
    tables = [np.concatenate(([0.0], one)) for one in weights.by_measure]
    total = np.full(len(design.patterns), weights.prior)
    for columns in design.rules:
        total += np.stack([tables[column][design.patterns[:, column]] for column in columns], axis=1).max(axis=1)
    return total


def fit_weights(
    design: Design, n: Floats, f: Floats, ridge: float, fixed: Mapping[str, Floats] | None = None
) -> Weights:
    """Fit prior and weights.

    Args:
        design: The patterns.
        n: Mass of each pattern.
        f: Fraud mass of each pattern.
        ridge: Penalty on half the squared increments.
        fixed: Measures whose weights are given, by name; their parameters are not fitted.

    Returns:
        The weights: of the fits that begin with all measures of a rule counting and with one of them counting, the one
        that explains the rows better.
    """
    begins = [np.ones(design.patterns.shape, dtype=np.bool_)]
    for place in range(max((len(rule) for rule in design.rules), default=0)):
        one = np.zeros(design.patterns.shape, dtype=np.bool_)
        for rule in design.rules:
            one[:, rule[min(place, len(rule) - 1)]] = True
        begins.append(one)
    start = np.zeros(design.size)
    share = float(np.clip(f.sum() / max(n.sum(), 1e-12), 1e-9, 1 - 1e-9))
    start[0] = np.log(share / (1 - share))
    return _best(design, _Problem(n, f, ridge, fixed or {}), begins, start)


@dataclass(frozen=True)
class _Problem:
    """What a fit minimises over: masses, penalty, what is given, and how exactly."""

    n: Floats
    f: Floats
    ridge: float
    given: Mapping[str, Floats]
    exactness: float = 1e-13


def _best(design: Design, problem: _Problem, begins: Sequence[Bools], start: Floats) -> Weights:
    found = [_alternate(design, problem, begin, start) for begin in begins]
    return min(found, key=lambda weights: round(deviance(log_odds(design, weights), problem.n, problem.f), 9))


def _alternate(design: Design, problem: _Problem, begin: Bools, start: Floats) -> Weights:
    """Fit for a given attribution, attribute anew, until nothing changes."""
    parameters, counts = start, begin
    for _ in range(MAX_ROUNDS):
        parameters = _descend(_columns(design, counts, problem.given), problem, parameters)
        tables = _cumulated(design, parameters, problem.given)
        found = _attribution(design, tables)
        if np.array_equal(found, counts):
            break
        counts = found
    return Weights(float(parameters[0]), tuple(table[1:] for table in tables))


def _parameters_of(design: Design, weights: Weights) -> Floats:
    """Return prior and increments as one vector."""
    return np.concatenate(([weights.prior], *(np.diff(one, prepend=0.0) for one in weights.by_measure)))


@dataclass(frozen=True)
class _Columns:
    """The linear part of a fit: log-odds = matrix @ parameters + offset."""

    matrix: Floats
    offset: Floats
    free: Bools


def _columns(design: Design, counts: Bools, fixed: Mapping[str, Floats]) -> _Columns:
    matrix = np.zeros((len(design.patterns), design.size))
    matrix[:, 0] = 1
    offset = np.zeros(len(design.patterns))
    free = np.ones(design.size, dtype=np.bool_)
    for column, (one, start) in enumerate(zip(design.bands, design.start, strict=True)):
        reached, counting = design.patterns[:, column], counts[:, column]
        steps = np.arange(1, len(one.bounds) + 1)
        if one.name in fixed:
            table = np.concatenate(([0.0], fixed[one.name]))
            offset += np.where(counting, table[reached], 0.0)
            free[start : start + len(steps)] = False
        else:
            matrix[:, start : start + len(steps)] = (reached[:, None] >= steps) & counting[:, None]
    return _Columns(matrix, offset, free)


def _descend(columns: _Columns, problem: _Problem, begin: Floats) -> Floats:
    from scipy.optimize import minimize

    matrix, offset, n, f = columns.matrix, columns.offset, problem.n, problem.f
    total = n.sum()
    penalty = np.where(columns.free, problem.ridge, 0.0)
    penalty[0] = 0.0

    def loss(parameters: Floats) -> tuple[float, Floats]:
        z = matrix @ parameters + offset
        value = n @ np.logaddexp(0, z) - f @ z + 0.5 * penalty @ parameters**2
        gradient = matrix.T @ (n / (1 + np.exp(-z)) - f) + penalty * parameters
        return float(value) / total, gradient / total

    bounds = [(None, None)] + [(0.0, MAX_WEIGHT if free else 0.0) for free in columns.free[1:]]
    found = minimize(
        loss,
        np.where(columns.free, begin, 0.0),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 500, "ftol": problem.exactness, "gtol": 1e-9},
    )
    return np.asarray(found.x, dtype=np.float64)


def deviance(z: Floats, n: Floats, f: Floats) -> float:
    """Return twice the negative log-likelihood a unit of mass."""
    return float(2 * (n @ np.logaddexp(0, z) - f @ z) / n.sum())


@dataclass(frozen=True)
class FittedDesign:
    """A fit with what it was made of.

    Attributes:
        design: The patterns.
        weights: What was fitted.
        ridge: The penalty.
    """

    design: Design
    weights: Weights
    ridge: float


@dataclass(frozen=True)
class Ends:
    """Ends of 95 % intervals, in the shape of `Weights`."""

    low: Weights
    high: Weights


def weight_intervals(
    fit: FittedDesign, rows: Rows, rng: np.random.Generator, fixed: Mapping[str, Floats] | None = None
) -> Ends:
    """Return percentile intervals of prior and weights: customers are drawn anew and everything is fitted again.

    A resample's fit begins where the whole fit ended, and once more with all measures of a rule counting.

    Args:
        fit: The fit on all rows.
        rows: The rows.
        rng: Source of the resamples.
        fixed: As in the fit.
    """
    from threadpoolctl import threadpool_limits

    given, design = fixed or {}, fit.design
    start = _parameters_of(design, fit.weights)
    ended = _attribution(design, _cumulated(design, start, given))
    begins = [ended, np.ones_like(ended)]
    customers = int(rows.group.max(initial=-1)) + 1
    drawn = []
    # One thread: the matrices are small, and several only wait for each other.
    with threadpool_limits(1):
        for _ in range(RESAMPLES):
            times = rng.poisson(1.0, customers).astype(np.float64)[rows.group]
            n, f = masses(design, rows.fraud, rows.weight * times)
            if f.sum() > 0:
                one = _best(design, _Problem(n, f, fit.ridge, given, RESAMPLE_EXACTNESS), begins, start)
                drawn.append(np.concatenate(([one.prior], *one.by_measure)))
    low, high = np.percentile(np.array(drawn), [2.5, 97.5], axis=0)
    return Ends(_shaped(design, low), _shaped(design, high))


def _shaped(design: Design, flat: Floats) -> Weights:
    parts = [flat[start : start + len(one.bounds)] for one, start in zip(design.bands, design.start, strict=True)]
    return Weights(float(flat[0]), tuple(parts))


def choose_ridge(design: Design, rows: Rows, split_us: int, grid: Sequence[float]) -> tuple[float, float]:
    """Return the ridge of the grid that predicts the later rows best when fitted on the earlier ones.

    Args:
        design: The patterns.
        rows: The rows behind them.
        split_us: Rows before it are fitted on, the others judged.
        grid: Penalties to try; of equal ones the larger wins.

    Returns:
        The ridge, and the deviance of the later rows under it; infinite where either part holds no fraud.
    """
    early = rows.event_us < split_us
    parts = [masses(design, rows.fraud, rows.weight * chosen) for chosen in (early, ~early)]
    if min(float(f.sum()) for _, f in parts) == 0:
        return max(grid), math.inf

    def judged(ridge: float) -> float:
        return round(deviance(log_odds(design, fit_weights(design, *parts[0], ridge)), *parts[1]), 9)

    return min(((ridge, judged(ridge)) for ridge in sorted(grid, reverse=True)), key=lambda one: one[1])
