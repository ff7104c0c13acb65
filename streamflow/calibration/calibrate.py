"""From labelled purchases to a proposal: a calibration, a rule set and generator parameters, for somebody to review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version as package_version
from pathlib import Path

import msgspec
from threadpoolctl import threadpool_limits

from streamflow.calibration.drift.baselines import baseline_figures
from streamflow.calibration.rules.composition import (
    SIMULATION,
    Fitted,
    Setting,
    fit_on_data,
    fit_on_simulation,
    missing_rules,
    rule_figures,
    settle,
)
from streamflow.calibration.rules.figures import rule_notes
from streamflow.calibration.rules.measures import Progress, silent
from streamflow.calibration.rules.text import rule_set_text
from streamflow.calibration.rules.threshold import Budget
from streamflow.calibration.world.evidence import CHOICE, DATA
from streamflow.calibration.world.fit import (
    generator_document,
    generator_figures,
    generator_parameters,
    generator_sources,
)
from streamflow.contracts.calibrations import Calibration, Figure, Notebook, Source, new_calibration
from streamflow.contracts.diff import Change
from streamflow.contracts.diff_generator import compare_generators
from streamflow.contracts.diff_rule_sets import compare_rule_sets
from streamflow.contracts.generator_files import read_generator_file
from streamflow.contracts.released import newest_released
from streamflow.contracts.rule_sets import CHECKOUT, RuleSet, load_horizons, load_rule_set
from streamflow.contracts.strict import Document, read_yaml
from streamflow.contracts.subjects import GENERATOR, RULE_SETS
from streamflow.contracts.versions import bump, worst
from streamflow.datasets.table import PurchaseTable
from streamflow.errors import InputError
from streamflow.generator.parameters import load_parameters, parameter_file

DRAFT = "draft"
"""What a file names in place of a calibration whose id is not known yet."""


@dataclass(frozen=True)
class Request:
    """How to calibrate.

    Attributes:
        budget: What alerts may cost.
        seed: Of all resamples and of the simulation.
        train_share: Share of the table's rows, the earliest, that is fitted on; the rest judges.
        simulated_purchases: Purchases to simulate for rules that the table cannot identify.
        root: The contracts folder; that of the checkout when None.
    """

    budget: Budget
    seed: int = 1
    train_share: float = 0.75
    simulated_purchases: int = 120_000
    root: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense, by its name."""
        if not 0 < self.budget.alerts_per_1000 <= 1000:
            raise InputError(f"alert_budget must lie above 0 and at most 1000, not {self.budget.alerts_per_1000:g}.")
        if self.budget.review_cost_minor < 0:
            raise InputError(f"review_cost must not be negative, as {self.budget.review_cost_minor:g} is.")
        if not 0.1 <= self.train_share <= 0.95:
            raise InputError(f"train_share must lie between 0.1 and 0.95, not {self.train_share:g}.")
        if self.simulated_purchases < 10_000:
            raise InputError(f"simulated_purchases must be at least 10000, not {self.simulated_purchases}.")


@dataclass(frozen=True)
class Calibrated:
    """What came out, nothing of it written yet.

    Attributes:
        calibration: The figures with their evidence.
        rule_set: The proposed rule set.
        rule_set_text: Its contract file.
        generator_text: The contract file of the proposed generator parameters.
        base_rule_set: What it would replace.
        data: What was fitted on the table.
        simulated: What was fitted beside it on a simulated run; None where the table identifies every rule.
        final: The fit that prior, threshold and judgement come from: the table's own, unless it knows no customers.
        notes: By rule, what its figures are.
    """

    calibration: Calibration
    rule_set: RuleSet
    rule_set_text: str
    generator_text: str
    base_rule_set: RuleSet
    data: Fitted
    simulated: Fitted | None
    final: Fitted
    notes: dict[str, str]


def calibrate(table: PurchaseTable, request: Request, notebook: Notebook, progress: Progress = silent) -> Calibrated:
    """Calibrate rules and generator on labelled purchases.

    Args:
        table: The purchases.
        request: How.
        notebook: What runs this, for the calibration to name.
        progress: Told what is done and how many rows of it.

    Returns:
        The proposal; the same inputs give the same bytes.

    Raises:
        InputError: The table holds no fraud whose label was known in the training period.
    """
    # One thread: sums in another order would end in other last digits.
    with threadpool_limits(1):
        return _calibrate(table, request, notebook, progress)


def _calibrate(table: PurchaseTable, request: Request, notebook: Notebook, progress: Progress) -> Calibrated:
    root = request.root or CHECKOUT
    base = load_rule_set(newest_released(root, RULE_SETS), root)
    base_file = parameter_file(root / GENERATOR)
    base_world = load_parameters(base_file)
    setting = Setting(base, load_horizons(root), request.budget, request.seed, request.train_share)
    progress("generator parameters", 0)
    generated = generator_figures(table, base_world, seed=request.seed)
    world_version = _world_version(base_file, generator_document(base_world, generated, base_world.version, DRAFT))
    sources = generator_sources(table, base_world)
    sources |= {DATA: table.source, CHOICE: Source(kind="choice", name="chosen by us")}
    data, simulated = fit_on_data(table, setting, progress), None
    final = data
    if missing_rules(data):
        world = generator_parameters(base_world, generated, world_version)
        simulated = fit_on_simulation(data, world, request.simulated_purchases, setting, progress)
        sources[SIMULATION] = simulated.table.source
        final = settle(data, simulated, setting, progress)
    figures = rule_figures(data, simulated, final)
    figures |= {f"generator.{path}": figure for path, figure in generated.items()}
    figures |= _baselines(final) if final.key == DATA else baseline_figures(table, DATA)
    calibration = new_calibration(
        dataset=table.dataset,
        rule_set=_follows(base.version, compare_rule_sets(base, final.fit.rule_set)),
        generator=world_version,
        package=package_version("streamflow"),
        notebook=notebook,
        sources=sources,
        figures=figures,
    )
    fits = _Fits(data, simulated, final)
    return _proposed(calibration, fits, base, generator_document(base_world, generated, world_version, calibration.id))


@dataclass(frozen=True)
class _Fits:
    """The fits of one calibration, as `Calibrated` has them."""

    data: Fitted
    simulated: Fitted | None
    final: Fitted


def _baselines(final: Fitted) -> dict[str, Figure]:
    """Return what live purchases will be held against, alerts included: the table judges by the whole rule set."""
    fit = final.fit
    alert = (fit.scores >= fit.rule_set.alert_threshold_ulo) & fit.usable
    fired = {rule: mask & fit.usable for rule, mask in fit.fired.items()}
    return baseline_figures(final.table, DATA, alert=alert, fired=fired)


def _proposed(calibration: Calibration, fits: _Fits, base: RuleSet, generator_text: str) -> Calibrated:
    data, final = fits.data, fits.final
    figures = calibration.figures
    rule_set = msgspec.structs.replace(
        final.fit.rule_set,
        version=calibration.rule_set,
        status="draft",
        calibration=calibration.id,
        prior_status=figures["rules.prior_ulo"].status,
        alert_threshold_status=figures["rules.alert_threshold_ulo"].status,
        score_calibrated=fits.simulated is None
        and final.judgement is not None
        and final.judgement.score_holds
        and final.table.status == "measured",
    )
    source = data.table.source
    notes = rule_notes(final.fit.ladders, missing_rules(data), final.fit.locked)
    head = f"calibrated on {source.name} ({source.kind}, {source.rows:,} rows)."
    return Calibrated(
        calibration=calibration,
        rule_set=rule_set,
        rule_set_text=rule_set_text(rule_set, head, notes),
        generator_text=generator_text,
        base_rule_set=base,
        data=data,
        simulated=fits.simulated,
        final=final,
        notes=notes,
    )


def _world_version(base_file: Path, text: str) -> str:
    """Return the number that the difference to the parameters in use asks for."""
    old, new = read_generator_file(read_yaml(base_file)), read_generator_file(Document(base_file, text))
    return _follows(old.version, compare_generators(old, new))


def _follows(version: str, changes: Sequence[Change]) -> str:
    # Even a calibration that changes no figure is other evidence, hence at least a patch.
    return bump(version, worst(change.level for change in changes) or "patch")
