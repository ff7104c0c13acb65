"""The rule half of a calibration: what the table identifies is fitted on it, the rest on a simulated run beside it.

Prior and alert threshold come from the table wherever it knows customers, under all five rules: a simulated run has
lines that the table's own purchases never reach, and a threshold from there would leave the budget unused here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from streamflow.calibration.rules.draft import Ladder
from streamflow.calibration.rules.figures import (
    choice_figures,
    judgement_figures,
    kept_figures,
    ladder_figures,
    locked_figures,
    score_figures,
    training_figure,
)
from streamflow.calibration.rules.fit import RuleFit, Task, fit_rules, known_by
from streamflow.calibration.rules.judgement import Judgement, judge
from streamflow.calibration.rules.measures import PARAMETERS, Progress, rows_of
from streamflow.calibration.rules.simulation import simulated_rows
from streamflow.calibration.rules.threshold import Budget
from streamflow.calibration.world.evidence import DATA
from streamflow.contracts.calibrations import Figure
from streamflow.contracts.rule_sets import RULES, Horizons, RuleSet
from streamflow.datasets.table import Bools, PurchaseTable
from streamflow.errors import InputError
from streamflow.generator.parameters import Parameters
from streamflow.statistics.intervals import weighted_quantiles

SIMULATION = "simulation"
"""Key of the source of figures that were fitted on a simulated run."""

TOO_FEW = "too few frauds for a band"
GENERATED = "computed on generated rows"


@dataclass(frozen=True)
class Setting:
    """What both fits have in common.

    Attributes:
        base: The rule set in use.
        horizons: How far the engine's state reaches.
        budget: What alerts may cost.
        seed: Of all resamples and of the simulation.
        train_share: Share of a table's rows, the earliest, that is fitted on.
    """

    base: RuleSet
    horizons: Horizons
    budget: Budget
    seed: int
    train_share: float


@dataclass(frozen=True)
class Fitted:
    """A fit and the table that it rests on.

    Attributes:
        key: DATA or SIMULATION.
        table: The table.
        fit: The fit.
        judgement: What it is worth on the rows after the training period; None where they hold no fraud.
        until_us: Where the training period ends, epoch microseconds.
        reason: Why its figures are not measured; empty where they are.
    """

    key: str
    table: PurchaseTable
    fit: RuleFit
    judgement: Judgement | None
    until_us: int
    reason: str


def end_of_training(table: PurchaseTable, train_share: float) -> int:
    """Return the event time before which `train_share` of the rows lie, epoch microseconds."""
    return int(weighted_quantiles(table.event_us.astype(np.float64), table.weight, np.array([train_share]))[0])


def _known(table: PurchaseTable, until_us: int) -> Bools:
    """Return the rows that may be learned from.

    Raises:
        InputError: No fraud was known by then.
    """
    known = known_by(table, until_us)
    if not table.fraud[known].any():
        raise InputError(
            f"No fraud of {table.source.name} was known when the training period ended: raise train_share, or bring a "
            f"longer file."
        )
    return known


def fit_on_data(table: PurchaseTable, setting: Setting, progress: Progress) -> Fitted:
    """Fit what the table identifies."""
    reason = "" if table.status == "measured" else f"{GENERATED} ({table.source.kind})"
    return _fit(_Rows(DATA, table, reason), setting.base, {}, setting, progress)


def missing_rules(found: Fitted) -> dict[str, str]:
    """Return the rules that got no band from the table, each with the reason."""
    missing = {}
    for rule in RULES:
        mine = [one for name, one in found.fit.ladders.items() if name.startswith(f"{rule}.")]
        has_history = rule != "high_value" or any(one.bands.measure == "ratio_to_mean" for one in mine)
        if not has_history or not any(one.bands.bounds for one in mine):
            missing[rule] = found.fit.reasons[rule] or TOO_FEW
    return missing


def fit_on_simulation(data: Fitted, world: Parameters, purchases: int, setting: Setting, progress: Progress) -> Fitted:
    """Fit the rules that the table could not identify on a simulated run, the table's own ladders being given.

    Args:
        data: What the table identified.
        world: Generator parameters, calibrated on the same table where it identifies them.
        purchases: How many to simulate.
        setting: As for the table.
        progress: Told what is done.
    """
    table = data.table
    rate = float((table.weight * table.fraud).sum() / table.weight.sum())
    rows = simulated_rows(world, purchases, rate, setting.seed)
    fixed = {name: ladder for name, ladder in data.fit.ladders.items() if ladder.bands.bounds}
    whole = missing_rules(data)
    reason = "; ".join(dict.fromkeys(whole.values())) + f": {GENERATED}"
    # What the table chose stays chosen: its rule set is the base of the second fit.
    return _fit(_Rows(SIMULATION, rows, reason), data.fit.rule_set, fixed, setting, progress)


def settle(data: Fitted, simulated: Fitted, setting: Setting, progress: Progress) -> Fitted:
    """Return the fit that prior, threshold and judgement come from, once a simulated run filled what was missing.

    Args:
        data: What the table identified.
        simulated: The rest.
        setting: As for both.
        progress: Told what is done.

    Returns:
        The table's own fit under all five rules; the simulated one where the table does not know its customers, so that
        no score of a purchase of it is the whole score.
    """
    if data.fit.seen.observations is None:
        return simulated
    observable = [rule for rule in missing_rules(data) if not data.fit.reasons[rule]]
    if observable:
        fixed = {name: one for name, one in simulated.fit.ladders.items() if one.bands.bounds}
        rows = _Rows(DATA, data.table, data.reason, frozenset(PARAMETERS))
        return _fit(rows, simulated.fit.rule_set, fixed, setting, progress)
    # What was simulated says nothing about any row of the table: its scores, prior and threshold stay as they are.
    rule_set = msgspec.structs.replace(
        simulated.fit.rule_set,
        prior_ulo=data.fit.rule_set.prior_ulo,
        alert_threshold_ulo=data.fit.rule_set.alert_threshold_ulo,
    )
    return replace(data, fit=replace(data.fit, rule_set=rule_set, ladders=simulated.fit.ladders))


@dataclass(frozen=True)
class _Rows:
    key: str
    table: PurchaseTable
    reason: str
    frozen: frozenset[str] = frozenset()


def _fit(rows: _Rows, base: RuleSet, fixed: dict[str, Ladder], setting: Setting, progress: Progress) -> Fitted:
    table = rows.table
    until_us = end_of_training(table, setting.train_share)
    train = _known(table, until_us)
    given = frozenset(name.partition(".")[0] for name in fixed if not name.endswith(".amount_minor"))
    task = Task(
        table=table,
        base=base,
        horizons=setting.horizons,
        train=train,
        budget=setting.budget,
        seed=setting.seed,
        source=rows.key,
        fixed=fixed,
        frozen=given | rows.frozen,
    )
    fit = fit_rules(task, progress)
    judged = (table.event_us >= until_us) & fit.usable
    judgement = judge(
        fit.scores[judged],
        fit.rule_set.alert_threshold_ulo,
        rows_of(table).take(judged),
        np.random.default_rng([setting.seed, *b"judgement"]),
    )
    return Fitted(rows.key, table, fit, judgement, until_us, rows.reason)


def rule_figures(data: Fitted, simulated: Fitted | None, final: Fitted) -> dict[str, Figure]:
    """Return every figure of the rule set: each from the table that it was fitted on; the score's are `final`'s."""
    figures: dict[str, Figure] = {}
    for name, ladder in final.fit.ladders.items():
        origin = simulated if simulated is not None and ladder.source == simulated.key else data
        figures.update(ladder_figures(name, ladder, origin.fit.ridge, origin.reason))
    figures.update(_parameters(data, simulated))
    evidence = {"status": final.table.status, "source": final.key, "reason": final.reason}
    figures.update(score_figures(final.fit, **evidence))
    figures.update(locked_figures(final.fit.locked, **evidence))
    for one in (data, simulated):
        # A source without dates has no event time that another could be held against.
        if one is not None and one.table.has_date:
            found = {"status": one.table.status, "source": one.key, "reason": one.reason}
            figures.update([training_figure(one.fit, one.until_us, **found)])
    if final.judgement is not None:
        figures.update(judgement_figures(final.judgement, **evidence))
    return figures


def _parameters(data: Fitted, simulated: Fitted | None) -> Iterator[tuple[str, Figure]]:
    """Yield windows and histories, each from the table that chose it, else as they were."""
    final = simulated or data
    for rule in PARAMETERS:
        for found in (data, simulated):
            choice = found.fit.choices.get(rule) if found is not None else None
            if found is not None and choice is not None:
                evidence = {"status": found.table.status, "source": found.key, "reason": found.reason}
                yield from choice_figures(rule, found.fit.rule_set, choice, **evidence)
                break
        else:
            why = f"{final.fit.reasons[rule] or 'too few frauds to choose by'}; the value in use is kept"
            yield from kept_figures(rule, final.fit.rule_set, why)
