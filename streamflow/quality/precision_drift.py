"""Drift of precision: do the alerts of the rules in force still hold what their calibration promised?

Compared are the alerts of the newest days whose labels have matured. A calibration says with which delay 95 of 100
labels have come; the next longer delay that gold counts by is the one to look at. Precision has drifted when the whole
95 % interval of the live share lies below that of the calibration. What follows is a proposal, for a person to decide.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from streamflow.contracts.calibrations import Calibration
from streamflow.contracts.label_delays import LABEL_DELAYS_DAYS
from streamflow.contracts.rule_sets import load_rule_set, rule_set_versions
from streamflow.quality.statements import statement
from streamflow.reader import reading
from streamflow.statistics.intervals import wilson

if TYPE_CHECKING:
    from streamflow.settings import Settings

PROMISED = "evaluation.precision"
P95_DELAY = "generator.labels.p95_delay_days"
REPORTED = "generator.labels.reported_share"
MATURED_DAYS = 28
MIN_ALERTS = 30
"""Below it an interval is so wide that a comparison would only seem to be one."""

DAG = "calibration"


@dataclass(frozen=True)
class PrecisionDrift:
    """What the comparison found.

    Attributes:
        delay_days: Labels known within so many days counted.
        alerts: Alerts on the days looked at.
        alerts_labelled: Of them, those that anybody labelled.
        frauds_caught: Of them, those labelled fraud.
        value: frauds_caught / alerts; None when nothing was compared.
        interval: Its 95 % Wilson interval.
        promised: Precision by the calibration.
        promised_interval: Its 95 % interval, as far as labels can show it.
        moved: Whether the whole live interval lies below the promised one.
        sentence: The outcome for a person.
        proposes: The DAG to trigger; None where nothing is proposed.
    """

    delay_days: int
    alerts: int
    alerts_labelled: int
    frauds_caught: int
    value: float | None
    interval: tuple[float, float] | None
    promised: float
    promised_interval: tuple[float, float]
    moved: bool
    sentence: str
    proposes: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)


def judge_precision(settings: Settings, calibration: Calibration, now: datetime) -> PrecisionDrift | None:
    """Compare the precision of matured alerts with the calibration's.

    Args:
        settings: Say where gold and contracts are.
        calibration: Whose rule sets are judged.
        now: The present by the profile's clock.

    Returns:
        The outcome; None when the calibration promises no precision, or no rule set on file names it.

    Raises:
        EnvironmentNotReady: The database does not answer.
    """
    from psycopg.sql import Literal

    root = settings.contracts_dir
    versions = [one for one in rule_set_versions(root) if load_rule_set(one, root).calibration == calibration.id]
    if PROMISED not in calibration.figures or not versions:
        return None
    delay = _delay(calibration)
    parts = {"rule_sets": versions, "delay": delay, "now": now, "days": MATURED_DAYS}
    with reading(settings, "gold_db") as gold:
        query = statement(settings, "drift_precision", **{name: Literal(value) for name, value in parts.items()})
        alerts, labelled, caught, first, last = gold.execute(query).fetchone() or (0, 0, 0, None, None)
    return _compared(calibration, delay, (alerts, labelled, caught), f"from {first} to {last}")


def _delay(calibration: Calibration) -> int:
    figure = calibration.figures.get(P95_DELAY)
    wanted = LABEL_DELAYS_DAYS[-1] if figure is None else float(figure.value)
    return next((days for days in LABEL_DELAYS_DAYS if days >= wanted), LABEL_DELAYS_DAYS[-1])


def _compared(calibration: Calibration, delay: int, counts: tuple[int, int, int], span: str) -> PrecisionDrift:
    alerts, labelled, caught = counts
    promised, (low, high) = _promised(calibration)
    known: dict[str, Any] = {
        "delay_days": delay,
        "alerts": alerts,
        "alerts_labelled": labelled,
        "frauds_caught": caught,
    }
    known |= {"promised": promised, "promised_interval": (low, high)}
    if alerts < MIN_ALERTS:
        said = f"Precision was not compared: {alerts} alerts have labels of {delay} days, and {MIN_ALERTS} are needed."
        return PrecisionDrift(**known, value=None, interval=None, moved=False, sentence=said, proposes=None)
    share = wilson(caught, alerts)
    moved = share.high < low
    said = (
        f"Of {alerts:,} alerts {span}, {caught / alerts:.1%} ({share.low:.1%} to {share.high:.1%}) were fraud by the "
        f"labels of {delay} days; calibration {calibration.id} lets expect {promised:.1%} ({low:.1%} to {high:.1%})"
    )
    said += f": trigger the DAG '{DAG}' to propose a recalibration, which nothing promotes by itself." if moved else "."
    return PrecisionDrift(
        **known,
        value=share.value,
        interval=(share.low, share.high),
        moved=moved,
        sentence=said,
        proposes=DAG if moved else None,
    )


def _promised(calibration: Calibration) -> tuple[float, tuple[float, float]]:
    """Return the calibration's precision and interval, as far as labels can show it.

    On simulated rows every fraud is known, in life only what is reported; there the calibration's own share counts.
    """
    figure = calibration.figures[PROMISED]
    reported = calibration.figures.get(REPORTED)
    share = float(reported.value) if figure.status == "simulated" and reported is not None else 1.0
    low, high = figure.interval
    return float(figure.value) * share, (low * share, high * share)
