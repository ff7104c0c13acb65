"""Drift: have live purchases moved away from those that the rules in force were calibrated on?

The DAG drift asks once a day, `streamflow drift` at any time. What moved is a warning: nothing stops because of it, and
nobody should have to look for it. So the command exits 1 when something moved; the DAG's task succeeds, logs a warning
a statistic and returns the sentences; and both leave a JSON record under `quality/drift` of the state directory.

A window is whole UTC days of event time that have ended by the profile's clock: hours of half a day would look like
drift. A window that says nothing (no purchase, too few of them, no calibration) is reported as that, never as quiet.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from streamflow.calibration.drift.baselines import PREFIX, Compared, compare
from streamflow.calibration.drift.windows import Window
from streamflow.contracts.calibrations import Calibration, load_calibration
from streamflow.contracts.released import released_versions
from streamflow.contracts.rule_sets import RULES, load_rule_set, rule_set_versions
from streamflow.contracts.timestamps import format_us
from streamflow.datasets.table import Codes
from streamflow.errors import InputError
from streamflow.generator.parameters import load_parameters
from streamflow.log import get_logger
from streamflow.quality.drift_words import sentence
from streamflow.quality.precision_drift import PrecisionDrift, judge_precision
from streamflow.quality.run import folder_name
from streamflow.quality.statements import statement
from streamflow.reader import reading

if TYPE_CHECKING:
    from psycopg import Connection

    from streamflow.settings import Settings

KEPT_RECORDS = 200
MIN_PURCHASES = 100
"""Below it every tolerance is so wide that a comparison would only seem to be one."""

MAX_DAYS = 366
FLAGS = (
    "utc_offset_min",
    "store_id",
    "product_id",
    "merchant_id",
    "card_id",
    "device_id",
    "channel",
    "latitude",
)
"""The columns of drift_purchases.sql that say what a row lacks, in its order."""

Status = Literal["no_calibration", "no_baselines", "empty", "too_few", "compared"]


@dataclass(frozen=True)
class DriftReport:
    """What a look for drift found.

    Attributes:
        status: compared, or why nothing could be.
        calibration: Id of the calibration; None without one.
        from_time: Begin of the window, inclusive; None where the log is empty.
        to_time: Its end, exclusive.
        purchases: Purchases in the window.
        compared: Each statistic beside its baseline.
        skipped: Why each other baseline was not compared, by path.
        sentences: What moved, the worst first.
        summary: The outcome in one sentence.
        precision: What became of the precision that the calibration promised; None where nothing can be said.
        seconds: Wall time.
    """

    status: Status
    summary: str
    calibration: str | None = None
    from_time: datetime | None = None
    to_time: datetime | None = None
    purchases: int = 0
    compared: tuple[Compared, ...] = ()
    skipped: dict[str, str] = field(default_factory=dict)
    sentences: tuple[str, ...] = ()
    precision: PrecisionDrift | None = None
    seconds: float = 0.0

    @property
    def moved(self) -> bool:
        """Whether a statistic of purchases or the precision of alerts moved."""
        return bool(self.findings) or (self.precision is not None and self.precision.moved)

    @property
    def said(self) -> tuple[str, ...]:
        """Everything that moved, in words; precision first, since it asks for a decision."""
        return (*((self.precision.sentence,) if self.precision and self.precision.moved else ()), *self.sentences)

    @property
    def span(self) -> str:
        """The days of the window, in words."""
        if self.from_time is None or self.to_time is None:
            return "of no day"
        last = self.to_time - timedelta(days=1)
        if last == self.from_time:
            return f"on {last:%Y-%m-%d} UTC"
        return f"from {self.from_time:%Y-%m-%d} to {last:%Y-%m-%d} UTC"

    @property
    def findings(self) -> tuple[Compared, ...]:
        """What lies beyond its tolerance, the worst first."""
        return tuple(sorted((one for one in self.compared if one.moved), key=lambda one: -one.severity))

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "status": self.status,
            "summary": self.summary,
            "calibration": self.calibration,
            "from_time": None if self.from_time is None else self.from_time.isoformat(),
            "to_time": None if self.to_time is None else self.to_time.isoformat(),
            "purchases": self.purchases,
            "compared": len(self.compared),
            "findings": [
                {
                    "statistic": one.path,
                    "unit": one.unit,
                    "before": one.before,
                    "now": one.now,
                    "change": one.change,
                    "tolerance": one.tolerance,
                    "sentence": said,
                }
                for one, said in zip(self.findings, self.sentences, strict=True)
            ],
            "skipped": self.skipped,
            "precision": None if self.precision is None else self.precision.as_dict(),
            "seconds": round(self.seconds, 3),
        }


def calibration_in_force(settings: Settings) -> Calibration | None:
    """Return the calibration that the newest released rule set names, else the newest generator parameters.

    Raises:
        InputError: The calibration that is named is not on file, or was changed.
    """
    root = settings.contracts_dir
    names: list[str | None] = []
    if versions := [one for one in released_versions(root, "fraud_rules") if one in rule_set_versions(root)]:
        names.append(load_rule_set(versions[-1], root).calibration)
    if versions := list(released_versions(root, "generator")):
        names.append(load_parameters(root / "generator" / f"{versions[-1]}.yaml").calibration)
    named = next((name for name in names if name), None)
    return None if named is None else load_calibration(named, root)


def drift(
    settings: Settings,
    calibration: Calibration | None = None,
    *,
    days: int = 1,
    until: datetime | None = None,
    run_id: str = "manual",
) -> DriftReport:
    """Compare the last whole days of silver with a calibration's baselines, and record the outcome.

    Args:
        settings: Say where database, contracts and state are, and which clock counts.
        calibration: The calibration; the one in force when not given.
        days: Whole UTC days to look at.
        until: Their end, rounded down to midnight UTC; the profile's clock when not given.
        run_id: Name of the record; what a file name cannot hold is replaced.

    Returns:
        The report; a finding does not raise.

    Raises:
        EnvironmentNotReady: The database does not answer.
        InputError: `days` is out of range, or the calibration in force is not on file.
    """
    if not 1 <= days <= MAX_DAYS:
        raise InputError(f"A look for drift takes 1 to {MAX_DAYS} days, not {days}.")
    started = time.monotonic()
    log = get_logger(run=run_id)
    found = calibration or calibration_in_force(settings)
    report = _report(settings, found, days, until)
    report = replace(report, precision=_precision(settings, found, until), seconds=time.monotonic() - started)
    for said in report.said:
        log.warning("drift", says=said, calibration=report.calibration)
    log.info("drift", status=report.status, says=report.summary)
    _record(settings.state / "quality" / "drift", report, run_id)
    return report


def _report(settings: Settings, calibration: Calibration | None, days: int, until: datetime | None) -> DriftReport:
    if calibration is None:
        return DriftReport(
            "no_calibration",
            "There is no calibration yet: neither the newest released rule set nor the newest generator parameters "
            "name one, so there is nothing to have drifted from.",
        )
    if not any(path.startswith(PREFIX) for path in calibration.figures):
        said = f"Calibration {calibration.id} holds no baselines; calibrate anew to have some."
        return DriftReport("no_baselines", said, calibration.id)
    with reading(settings, "silver_db") as connection:
        now = until or _now(settings, connection)
        if now is None:
            said = "Silver holds no purchase at all, so nothing was compared."
            return DriftReport("empty", said, calibration.id)
        to_time = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        span = (to_time - timedelta(days=days), to_time)
        window = read_window(settings, connection, *span)
        judged_by = _calibrations_of_verdicts(settings, connection, *span)
    report = DriftReport("empty", "", calibration.id, *span, purchases=len(window))
    if not len(window):
        return replace(report, summary=f"Silver holds no purchase {report.span}, so nothing was compared.")
    if len(window) < MIN_PURCHASES:
        held = f"Silver holds {len(window)} purchases {report.span}"
        said = f"{held} and {MIN_PURCHASES} are needed, so nothing was compared."
        return replace(report, status="too_few", summary=said)
    return _compared(settings, calibration, window, report, judged_by == {calibration.id})


def _compared(
    settings: Settings, calibration: Calibration, window: Window, report: DriftReport, own_rules: bool
) -> DriftReport:
    if not own_rules:
        window = replace(window, judged=None, alert=None, fired={})
    compared, skipped = compare(calibration.figures, window)
    if not own_rules:
        why = "the purchases were judged by a rule set of another calibration, or of none"
        skipped |= {path: why for path in skipped if path.startswith("alerts.")}
    report = replace(report, status="compared", compared=tuple(compared), skipped=skipped)
    edges = calibration.figures.get(f"{PREFIX}amounts.edges")
    sentences = tuple(sentence(one, edges, settings.base_currency) for one in report.findings)
    counted = f"Of {len(compared)} statistics of {len(window):,} purchases {report.span}"
    summary = f"{counted}, {len(sentences) or 'none'} moved beyond sampling noise since calibration {calibration.id}."
    return replace(report, sentences=sentences, summary=summary)


def _precision(settings: Settings, calibration: Calibration | None, until: datetime | None) -> PrecisionDrift | None:
    if calibration is None:
        return None
    if until is None:
        with reading(settings, "silver_db") as connection:
            until = _now(settings, connection)
    return None if until is None else judge_precision(settings, calibration, until)


def read_window(
    settings: Settings, connection: Connection[tuple[Any, ...]], from_time: datetime, to_time: datetime
) -> Window:
    """Read the purchases of a span of event time from silver.

    Args:
        settings: Say where the SQL is.
        connection: To silver_db.
        from_time: Begin, inclusive.
        to_time: End, exclusive.
    """
    from psycopg.sql import Literal as Quoted

    query = statement(settings, "drift_purchases", from_time=Quoted(from_time), to_time=Quoted(to_time))
    rows = connection.execute(query).fetchall()
    customer, event_us, amount_minor, offset_min, product, alert, fired, *flags = (
        zip(*rows, strict=True) if rows else [()] * (7 + len(FLAGS))
    )
    missing = {name: np.array(flags[place], dtype=np.bool_) for place, name in enumerate(FLAGS)}
    return Window(
        event_us=np.array(event_us, dtype=np.int64),
        amount_minor=np.array(amount_minor, dtype=np.int64),
        weight=np.ones(len(rows)),
        customer=Codes.of(list(customer)).codes,
        has_customers=True,
        has_date=True,
        offset_min=np.array(offset_min, dtype=np.int64),
        product=Codes.of(list(product)),
        missing=missing,
        judged=np.array([one is not None for one in alert], dtype=np.bool_),
        alert=np.array([bool(one) for one in alert], dtype=np.bool_),
        fired={rule: np.array([rule in one for one in fired], dtype=np.bool_) for rule in RULES},
    )


def _now(settings: Settings, connection: Connection[tuple[Any, ...]]) -> datetime | None:
    if settings.clock == "wall":
        return datetime.now(UTC)
    row = connection.execute(statement(settings, "drift_now")).fetchone()
    return row[0] if row else None


def _calibrations_of_verdicts(
    settings: Settings, connection: Connection[tuple[Any, ...]], from_time: datetime, to_time: datetime
) -> set[str | None]:
    """Return the calibrations of the rule sets that judged a span; None for one that has none or is not on file."""
    from psycopg.sql import Literal as Quoted

    query = statement(settings, "drift_rule_sets", from_time=Quoted(from_time), to_time=Quoted(to_time))
    versions = [str(row[0]) for row in connection.execute(query)]
    return set(_calibrations(settings, versions))


def _calibrations(settings: Settings, versions: Iterable[str]) -> Iterable[str | None]:
    on_file = rule_set_versions(settings.contracts_dir)
    for version in versions:
        yield load_rule_set(version, settings.contracts_dir).calibration if version in on_file else None


def _record(folder: Path, report: DriftReport, run_id: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    now = format_us(time.time_ns() // 1000).replace(":", "").replace("-", "")
    path = folder / f"{now}-{folder_name(run_id)}.json"
    path.write_text(json.dumps(report.as_dict(), indent=1), encoding="utf-8")
    for old in sorted(folder.glob("*.json"))[:-KEPT_RECORDS]:
        old.unlink()
