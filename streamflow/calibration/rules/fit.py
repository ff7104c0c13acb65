"""From labelled purchases to five rules: windows and histories, bands, weights fitted together, alert threshold.

The engine runs twice: first flagging by the rule set in use, then by the fitted one, because flagged amounts do not
raise a customer's mean and so what is observed depends on what is flagged. Windows and histories are chosen again by
what the fitted rules observe, and where that changes one, the engine runs a third time. A calibration and a backtest
that fits call this one function, on rows that `known_by` chooses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from streamflow.calibration.rules.bands import MIN_FRAUDS, Bands, Rows, find_bands, with_intervals
from streamflow.calibration.rules.choices import Choice, choose
from streamflow.calibration.rules.draft import Ladder, drafted, to_ulo, with_parameters
from streamflow.calibration.rules.locked import Locked, locked_in
from streamflow.calibration.rules.measures import PARAMETERS, Measures, Progress, Seen, rows_of, silent
from streamflow.calibration.rules.scorecard import (
    Design,
    FittedDesign,
    Weights,
    choose_ridge,
    design_of,
    fit_weights,
    log_odds,
    masses,
    weight_intervals,
)
from streamflow.calibration.rules.threshold import Budget, Threshold, choose_threshold
from streamflow.contracts.rule_sets import Horizons, RuleSet
from streamflow.datasets.table import Bools, Floats, Ints, PurchaseTable
from streamflow.replay.observations import Observations, observe

RIDGES = (1.0, 3.0, 10.0, 30.0)
LEAST_FRAUDS = (MIN_FRAUDS, MIN_FRAUDS // 3)
"""Frauds that a band must hold; of the two the one whose bands predict later rows better. A file of one period seldom
has the frauds of many, and a rule without any band is the worse estimate."""
SPLIT_SHARE = 0.75


@dataclass(frozen=True)
class RuleFit:
    """Rules fitted on one table.

    Attributes:
        rule_set: The base with what was fitted.
        ladders: By `rule.measure`; one without a bound says why in its note.
        choices: By rule, how its parameters were chosen; None where the rows could not tell.
        reasons: By rule, why the table cannot identify it; the empty text where it can.
        prior: Log-odds without any line, micro, with the ends of its interval.
        threshold: The alert threshold; None when no row scores above the prior.
        ridge: The penalty that predicted best.
        train: Rows that were fitted on, shape (rows of the table,).
        usable: Rows that entered evaluation.
        scores: Log-odds of every row, micro.
        fired: By rule, the rows whose line weighs something.
        seen: What the rules observed under the fitted rules, for whoever fits others on the same rows.
        locked: Customers of the training rows whom high_value keeps flagging; None without customers.
    """

    rule_set: RuleSet
    ladders: dict[str, Ladder]
    choices: dict[str, Choice | None]
    reasons: dict[str, str]
    prior: tuple[int, int, int]
    threshold: Threshold | None
    ridge: float
    train: Bools
    usable: Bools
    scores: Ints
    fired: dict[str, Bools]
    seen: Seen
    locked: Locked | None


@dataclass(frozen=True)
class Task:
    """What to fit on.

    Attributes:
        table: Labelled purchases.
        base: The rule set in use: its digits, and its parameters where the rows cannot tell better.
        horizons: How far the engine's state reaches.
        train: Rows to fit on, shape (rows,): those whose label was known in time.
        budget: What alerts may cost.
        seed: Of all resamples.
        source: Key of the table's source in the calibration.
        fixed: Measures that are known from elsewhere, by name.
        frozen: Rules whose parameters stay the base's.
        run: Runs the table through the engine, as `observe`.
    """

    table: PurchaseTable
    base: RuleSet
    horizons: Horizons
    train: Bools
    budget: Budget
    seed: int
    source: str
    fixed: Mapping[str, Ladder] = field(default_factory=dict)
    frozen: frozenset[str] = frozenset()
    run: Callable[..., Observations] = observe


def known_by(table: PurchaseTable, until_us: int, from_us: int | None = None) -> Bools:
    """Return the rows that a fit may learn from: a fraud that nobody had reported by then is no negative example.

    Args:
        table: Labelled purchases; a label without a moment is known at once.
        until_us: No label counts that was not known by then, epoch microseconds.
        from_us: Rows before it only make history; None for all.
    """
    known = table.event_us < until_us
    if table.known_us is not None:
        known &= table.known_us <= until_us
    if from_us is not None:
        known &= table.event_us >= from_us
    return np.asarray(known)


def fit_rules(task: Task, progress: Progress = silent) -> RuleFit:
    """Fit the rules that the table identifies.

    Args:
        task: What to fit on.
        progress: Told what is done.

    Returns:
        The fit; measures that the table does not identify are not in it.
    """
    fitter = _Fitter(task)
    seen = fitter.measures.see(task.base, progress, "first pass")
    choices = fitter.choices(seen)
    rule_set = with_parameters(task.base, choices)
    once = fitter.fit(seen, rule_set)
    if seen.observations is not None:
        seen = fitter.measures.see(fitter.draft(once, rule_set), progress, "second pass")
        # A mean that rests on one small purchase has every later one flagged, hence never grows: only now is that seen.
        again = fitter.choices(seen)
        if with_parameters(task.base, again) != rule_set:
            choices, rule_set = again, with_parameters(task.base, again)
            once = fitter.fit(seen, rule_set)
            seen = fitter.measures.see(fitter.draft(once, rule_set), progress, "third pass")
        once = fitter.fit(seen, rule_set)
    return fitter.finish(once, rule_set, choices)


@dataclass(frozen=True)
class _Placed:
    """Bands as placed, and how well weights on them predict later rows."""

    bands: tuple[Bands, ...]
    design: Design
    ridge: float
    deviance: float


@dataclass(frozen=True)
class _Once:
    """One fit of bands and weights."""

    seen: Seen
    mask: Bools
    rows: Rows
    bands: tuple[Bands, ...]
    values: dict[str, Ints]
    design: Design
    given: dict[str, Floats]
    ridge: float
    weights: Weights


class _Fitter:
    def __init__(self, task: Task) -> None:
        self._task = task
        self.measures = Measures(task.table, task.base, task.horizons, task.run)
        self._rows = rows_of(task.table)
        moments = np.sort(task.table.event_us[task.train])
        self._split_us = int(moments[int(SPLIT_SHARE * (len(moments) - 1))]) if len(moments) else 0

    def _rng(self, name: str) -> np.random.Generator:
        # A stream of its own for each use: what one rule draws does not move another's interval.
        return np.random.default_rng([self._task.seed, *name.encode()])

    def choices(self, seen: Seen) -> dict[str, Choice | None]:
        """Choose windows and histories of the rules that are identifiable and not frozen."""
        chosen: dict[str, Choice | None] = {}
        if seen.observations is None:
            return chosen
        mask = seen.usable & self._task.train
        rows = self._rows.take(mask).numbered()
        for rule in PARAMETERS:
            if self.measures.reasons[rule] or rule in self._task.frozen:
                continue
            candidates = [
                replace(one, measures=tuple(each.take(mask) for each in one.measures))
                for one in self.measures.candidates(rule, seen.observations)
            ]
            chosen[rule] = choose(candidates, rows, self._split_us, self._rng(rule))
        return chosen

    def fit(self, seen: Seen, rule_set: RuleSet) -> _Once:
        """Place bands and fit weights."""
        mask = seen.usable & self._task.train
        rows = self._rows.take(mask).numbered()
        measured = self.measures.of(rule_set, seen)
        values = {one.name: one.values for one in measured}
        fixed = self._task.fixed
        given = {name: np.array(one.weights_ulo) / 1e6 for name, one in fixed.items() if name in values}
        budget = self._task.budget.alerts_per_1000 / 1000
        found: list[_Placed] = []
        for least in LEAST_FRAUDS:
            bands = tuple(
                fixed[one.name].bands if one.name in fixed else find_bands(one.take(mask), rows, least, budget)
                for one in measured
            )
            design = design_of(bands, {name: each[mask] for name, each in values.items()})
            found.append(_Placed(bands, design, *choose_ridge(design, rows, self._split_us, RIDGES)))
        # Of bands that predict alike, those that rest on most frauds: they were asked for first.
        best = min(found, key=lambda one: one.deviance)
        weights = fit_weights(best.design, *masses(best.design, rows.fraud, rows.weight), best.ridge, given)
        return _Once(seen, mask, rows, best.bands, values, best.design, given, best.ridge, weights)

    def _scores(self, once: _Once) -> Ints:
        """Return the micro log-odds of every row under the rounded weights."""
        rounded = Weights(
            to_ulo(once.weights.prior) / 1e6,
            tuple(np.array([to_ulo(weight) for weight in one]) / 1e6 for one in once.weights.by_measure),
        )
        every = design_of(once.bands, once.values)
        return np.asarray(np.rint(log_odds(every, rounded) * 1e6)[every.place], dtype=np.int64)

    def _threshold(self, once: _Once, resamples: int | None) -> Threshold | None:
        scores, prior = self._scores(once)[once.mask], to_ulo(once.weights.prior)
        more = {} if resamples is None else {"resamples": resamples}
        return choose_threshold(scores, prior, once.rows, self._rng("threshold"), budget=self._task.budget, **more)

    def draft(self, once: _Once, rule_set: RuleSet) -> RuleSet:
        """Return the fitted rule set without intervals, for the second pass to flag by."""
        ladders = {
            one.name: Ladder.plain(one, [to_ulo(weight) for weight in weights])
            for one, weights in zip(once.design.bands, once.weights.by_measure, strict=True)
        }
        return drafted(rule_set, ladders, to_ulo(once.weights.prior), self._threshold(once, 0))

    def finish(self, once: _Once, rule_set: RuleSet, choices: dict[str, Choice | None]) -> RuleFit:
        """Add the intervals."""
        design, rows, task = once.design, once.rows, self._task
        ends = weight_intervals(FittedDesign(design, once.weights, once.ridge), rows, self._rng("weights"), once.given)
        used = {one.name: at for at, one in enumerate(design.bands)}
        ladders = dict(task.fixed)
        for one in once.bands:
            if one.name in task.fixed:
                continue
            values = once.values[one.name][once.mask]
            at = used.get(one.name)
            if at is None:
                ladders[one.name] = Ladder.plain(one, [])
                continue
            ladders[one.name] = Ladder.fitted(
                with_intervals(one, values, rows, self._rng(one.name)),
                [part.by_measure[at] for part in (once.weights, ends.low, ends.high)],
                one.index(values),
                rows,
                status=task.table.status,
                source=task.source,
            )
        threshold = self._threshold(once, None)
        prior = to_ulo(once.weights.prior)
        return RuleFit(
            rule_set=drafted(rule_set, ladders, prior, threshold),
            ladders=ladders,
            choices=choices,
            reasons=self.measures.reasons,
            prior=(prior, min(to_ulo(ends.low.prior), prior), max(to_ulo(ends.high.prior), prior)),
            threshold=threshold,
            ridge=once.ridge,
            train=task.train,
            usable=once.seen.usable,
            scores=self._scores(once),
            fired=_fired(once),
            seen=once.seen,
            locked=None if once.seen.observations is None else locked_in(_alone(once, threshold), rows),
        )


def _alone(once: _Once, threshold: Threshold | None) -> Bools:
    """Return which training rows high_value alone makes an alert."""
    heaviest = np.zeros(int(once.mask.sum()), dtype=np.int64)
    for bands, weights in zip(once.design.bands, once.weights.by_measure, strict=True):
        if bands.rule == "high_value":
            each = np.array([0, *(to_ulo(weight) for weight in weights)], dtype=np.int64)
            heaviest = np.maximum(heaviest, each[bands.index(once.values[bands.name][once.mask])])
    if threshold is None:
        return np.zeros(len(heaviest), dtype=np.bool_)
    return np.asarray(to_ulo(once.weights.prior) + heaviest >= threshold.ulo)


def _fired(once: _Once) -> dict[str, Bools]:
    """Return, for each rule that has bands, the rows on which it adds weight."""
    fired: dict[str, Bools] = {}
    for bands, weights in zip(once.design.bands, once.weights.by_measure, strict=True):
        weighty = np.concatenate(([False], [to_ulo(weight) > 0 for weight in weights]))
        mine = weighty[bands.index(once.values[bands.name])]
        fired[bands.rule] = fired.get(bands.rule, np.zeros(len(mine), dtype=np.bool_)) | mine
    return fired
