"""Choosing what has no formula: windows and lengths of history, by what they tell about later purchases.

Each candidate gets bands and shares of fraud from the earlier rows; what counts is by how much it raises the
log-likelihood of the later ones. Customers are drawn anew to see how sure the choice is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from streamflow.calibration.rules.bands import MIN_FRAUDS, Measured, Rows, find_bands
from streamflow.datasets.table import Bools, Floats, Ints
from streamflow.statistics.intervals import RESAMPLES

SMOOTHING = 20.0


@dataclass(frozen=True)
class Candidate:
    """One way to set a rule's parameters, and what the rule would observe under it.

    Attributes:
        values: The parameters, as `{"window_s": 600}`.
        measures: The rule's measures under them.
    """

    values: dict[str, float]
    measures: tuple[Measured, ...]


@dataclass(frozen=True)
class Choice:
    """What was chosen.

    Attributes:
        candidate: The best.
        gains: For each candidate the gain in log-likelihood over the later rows, in the order they were given.
        low: By parameter, the lower end of the 95 % interval of the choice over resamples of customers.
        high: The upper end.
        n: Later rows that judged.
    """

    candidate: Candidate
    gains: tuple[float, ...]
    low: dict[str, float]
    high: dict[str, float]
    n: int


def choose(candidates: Sequence[Candidate], rows: Rows, split_us: int, rng: np.random.Generator) -> Choice | None:
    """Return the candidate that tells most about the rows from `split_us` on.

    Args:
        candidates: At least one; of equal ones the first wins, so give the one in use first.
        rows: The rows.
        split_us: Rows before it teach, the others judge.
        rng: Source of the resamples.

    Returns:
        The choice; None when either part holds fewer than MIN_FRAUDS frauds, so that nothing can be told.
    """
    early = rows.event_us < split_us
    if min(int(rows.fraud[early].sum()), int(rows.fraud[~early].sum())) < MIN_FRAUDS:
        return None
    gains = np.stack([_gains(one.measures, rows, early) for one in candidates], axis=1)
    totals = gains.sum(axis=0)
    picked = np.empty(RESAMPLES, dtype=np.int64)
    for number in range(RESAMPLES):
        picked[number] = np.argmax(np.round(rng.poisson(1.0, len(gains)) @ gains, 6))
    chosen = candidates[int(np.argmax(np.round(totals, 6)))]
    low, high = {}, {}
    for name in chosen.values:
        drawn = np.sort([candidates[at].values[name] for at in picked])
        low[name], high[name] = (float(drawn[round(share * (RESAMPLES - 1))]) for share in (0.025, 0.975))
        # The choice itself lies in its interval, however the resamples fall.
        low[name], high[name] = min(low[name], chosen.values[name]), max(high[name], chosen.values[name])
    return Choice(chosen, tuple(totals.tolist()), low, high, int((~early).sum()))


def _gains(measures: Sequence[Measured], rows: Rows, early: Bools) -> Floats:
    """Return the gain in log-likelihood over the later rows, summed by customer."""
    cells = np.zeros(len(rows), dtype=np.int64)
    taught = rows.take(early)
    for one in measures:
        bands = find_bands(one.take(early), taught)
        cells = cells * 8 + bands.index(one.values)
    customers = int(rows.group.max()) + 1
    return np.asarray(np.bincount(rows.group[~early], _gain_of(cells, rows, early), customers), dtype=np.float64)


def _gain_of(cells: Ints, rows: Rows, early: Bools) -> Floats:
    mass, fraud = rows.weight, rows.weight * rows.fraud
    base = fraud[early].sum() / mass[early].sum()
    count = int(cells.max()) + 1
    n, f = np.bincount(cells[early], mass[early], count), np.bincount(cells[early], fraud[early], count)
    share = np.clip((f + SMOOTHING * base) / (n + SMOOTHING), 1e-9, 1 - 1e-9)[cells[~early]]
    late = rows.fraud[~early]
    gained = np.where(late, np.log(share / base), np.log((1 - share) / (1 - base)))
    return np.asarray(gained * mass[~early])
