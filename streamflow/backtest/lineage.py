"""What a judged rule set was fitted on: where its training ended, and the alert budget that it was fitted for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from streamflow.contracts.calibrations import calibration_ids, load_calibration, training_path

if TYPE_CHECKING:
    from streamflow.backtest.scored import Backtest
    from streamflow.contracts.calibrations import Calibration, Source
    from streamflow.contracts.rule_sets import RuleSet
    from streamflow.settings import Settings

OF_A_SHOP = ("file", "sample")


@dataclass(frozen=True)
class Lineage:
    """Where training ended, as far as it matters to the purchases that judge.

    Attributes:
        until_us: No purchase before it may judge, epoch microseconds; None where none was fitted on.
        unknown: Why rows that were fitted on cannot be told from others; empty where they can.
        notes: What a reader of the evidence should know.
    """

    until_us: int | None = None
    unknown: str = ""
    notes: tuple[str, ...] = ()


def lineage(backtest: Backtest, settings: Settings, calibration: Calibration | None = None) -> Lineage:
    """Tell where the training of a backtest's rule set ended.

    A file of the same shop under another hash (a longer export, the platform's log) holds the same purchases, so a
    training end that is dated counts for every source; one that nobody stated matters only on the very same file.

    Args:
        backtest: The backtest.
        settings: Say where calibrations are.
        calibration: The one that the rule set names, when it is not on file yet.
    """
    if backtest.training is not None:
        return Lineage(backtest.training.until_us)
    rule_set = backtest.scored.rule_set
    if rule_set.calibration is None:
        return Lineage(notes=(f"Rule set {rule_set.version} was fitted on no rows.",))
    found = calibration or _calibration(rule_set, settings)
    if found is None:
        return Lineage(
            unknown=f"calibration {rule_set.calibration} of rule set {rule_set.version} is not on file, so nobody "
            f"knows on which rows it was fitted"
        )
    ends: list[int] = []
    for key, source in found.sources.items():
        figure = found.figures.get(training_path(key))
        same = source.sha256 == backtest.purchases.origin.sha256
        if figure is not None and (same or source.kind in OF_A_SHOP):
            ends.append(int(figure.value))
        elif same:
            return Lineage(unknown=_unstated(rule_set, source))
    if ends:
        return Lineage(max(ends))
    return Lineage(notes=(f"Rule set {rule_set.version} was fitted on other purchases than these.",))


def alert_budget(rule_set: RuleSet, settings: Settings, calibration: Calibration | None = None) -> float:
    """Return the alerts in a thousand purchases that a rule set was fitted for, else the operator's setting."""
    found = calibration or _calibration(rule_set, settings)
    stated = None if found is None else found.notebook.parameters.get("alert_budget")
    number = isinstance(stated, int | float) and not isinstance(stated, bool)
    return float(stated) if stated is not None and number else settings.gate.alerts_per_1000


def _calibration(rule_set: RuleSet, settings: Settings) -> Calibration | None:
    """Return the calibration that a rule set names, released or proposed; None when neither holds it."""
    wanted = rule_set.calibration
    if wanted is None:
        return None
    roots: tuple[Path, ...] = (settings.contracts_dir, settings.proposals_dir / wanted)
    return next((load_calibration(wanted, root) for root in roots if wanted in calibration_ids(root)), None)


def _unstated(rule_set: RuleSet, source: Source) -> str:
    return (
        f"rule set {rule_set.version} was fitted on {source.name}, the very rows that would judge it, and its "
        f"calibration does not say until when"
    )
