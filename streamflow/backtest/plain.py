"""The baseline that rules must beat: three fixed rules, one limit each, fitted on the same purchases.

The amount, its ratio to the customer's average and the number of purchases in a window, each with the one limit that
tells most about the fraud that was known, their weights fitted together as the scorecard's are. Three limits make a
handful of scores, and the step at one limit may hold more purchases than the alert budget: beyond such a limit stand
the cuts that the scorecard's bands have there too, or the baseline could not use the budget that it is compared under.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from streamflow.calibration.rules.bands import Bands, Measured, Rows, cut
from streamflow.calibration.rules.draft import Ladder, drafted, to_ulo
from streamflow.calibration.rules.fit import RuleFit
from streamflow.calibration.rules.measures import Measures, rows_of
from streamflow.calibration.rules.scorecard import Weights, design_of, fit_weights, log_odds, masses
from streamflow.calibration.rules.threshold import Budget, choose_threshold
from streamflow.contracts.rule_sets import Horizons, RuleSet
from streamflow.datasets.table import Bools, Ints, PurchaseTable
from streamflow.statistics.intervals import weighted_quantiles

USED = ("high_value.amount_minor", "high_value.ratio_to_mean", "velocity.purchases")
TAILS = (0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
"""Shares of legitimate purchases beyond the limits that are tried."""
RIDGE = 1.0


def plain_rules(table: PurchaseTable, fit: RuleFit, horizons: Horizons, budget: Budget) -> RuleSet:
    """Fit the baseline.

    Args:
        table: The purchases that `fit` was made on.
        fit: Windows and histories are its, and so is what was observed.
        horizons: How far the engine's state reaches.
        budget: What alerts may cost.

    Returns:
        A rule set in which only the three measures have bands: one limit each, and the cuts beyond it.
    """
    mask = fit.usable & fit.train
    rows = rows_of(table).take(mask)
    measured = [one for one in Measures(table, fit.rule_set, horizons).of(fit.rule_set, fit.seen) if one.name in USED]
    allowed = float(rows.weight.sum()) * budget.alerts_per_1000 / 1000
    bands = tuple(_cut(_limited(one.take(mask), rows), one.values[mask], rows, allowed) for one in measured)
    design = design_of(bands, {one.name: one.values[mask] for one in measured})
    weights = fit_weights(design, *masses(design, rows.fraud, rows.weight), RIDGE)
    rounded = Weights(
        to_ulo(weights.prior) / 1e6,
        tuple(np.array([to_ulo(weight) for weight in one]) / 1e6 for one in weights.by_measure),
    )
    scores = np.rint(log_odds(design, rounded) * 1e6)[design.place].astype(np.int64)
    prior = to_ulo(weights.prior)
    threshold = choose_threshold(scores, prior, rows, np.random.default_rng(1), budget=budget, resamples=0)
    ladders = _silent(fit.rule_set)
    for one, found in zip(design.bands, weights.by_measure, strict=True):
        ladders[one.name] = Ladder.plain(one, [to_ulo(weight) for weight in found])
    return drafted(fit.rule_set, ladders, prior, threshold)


def _silent(rule_set: RuleSet) -> dict[str, Ladder]:
    """Return every measure without a band."""
    return {
        f"{rule}.{name}": Ladder.plain(Bands(rule, name, 10**stated.digits, ()), [])
        for rule, name, stated in rule_set.measures()
    }


def _limited(measured: Measured, rows: Rows) -> Bands:
    """Return the one limit that raises the likelihood of the known labels most; none when no limit does."""
    values = measured.values
    legitimate = (values >= 0) & ~rows.fraud
    named = (measured.rule, measured.measure, measured.scale)
    if not legitimate.any():
        return Bands(*named, ())
    at = 1 - np.array(TAILS, dtype=np.float64)
    wanted = np.ceil(weighted_quantiles(values[legitimate].astype(np.float64), rows.weight[legitimate], at))
    limits = [int(limit) for limit in np.unique(wanted) if limit >= measured.least]
    gains = [_gain(values >= limit, rows) for limit in limits]
    best = int(np.argmax(gains)) if gains else 0
    return Bands(*named, (limits[best],) if gains and gains[best] > 0 else ())


def _cut(limit: Bands, values: Ints, rows: Rows, allowed: float) -> Bands:
    """Add what cuts the purchases beyond a limit, where they are more than may be alerts."""
    if not limit.bounds:
        return limit
    seen = values >= 0
    return replace(limit, bounds=(*limit.bounds, *cut(limit.bounds[0], values[seen], rows.weight[seen], allowed)))


def _gain(beyond: Bools, rows: Rows) -> float:
    """Return by how much two rates in place of one raise the log-likelihood; nothing where fraud is rarer beyond."""

    def likelihood(part: Bools) -> tuple[float, float]:
        n, f = float(rows.weight[part].sum()), float(rows.weight[part & rows.fraud].sum())
        terms = [x * np.log(x / n) for x in (f, n - f) if x > 0]
        return float(sum(terms)), f / n if n else 0.0

    (high, share), (low, rest) = likelihood(beyond), likelihood(~beyond)
    whole, _ = likelihood(np.ones_like(beyond))
    return high + low - whole if share > rest else 0.0
