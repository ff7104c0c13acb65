"""One quality run: conservation, the checks of every layer's contracts on what is new, and the docs rebuilt.

The DAG data_quality calls `run_quality` every fifteen minutes. A run leaves a JSON record under `quality/runs` of the
state directory; the newest rows that passed become the mark from which the next run starts.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamflow.contracts import Catalogue
from streamflow.log import get_logger
from streamflow.quality.conservation import ConservationReport, check_conservation
from streamflow.quality.docs import KEPT_RUNS, make_offline, prune, tell_lateness
from streamflow.quality.increments import Increment, Marks, plan
from streamflow.quality.lateness import Lateness, lateness
from streamflow.quality.suites import LAYERS, SuiteRunner, TableResult
from streamflow.reader import reading

if TYPE_CHECKING:
    from streamflow.settings import Settings

KEPT_RECORDS = 200


@dataclass(frozen=True)
class QualityReport:
    """The outcome of a quality run.

    Attributes:
        run_id: Name of the run, fit for a folder.
        conservation: The accounts of all partitions.
        tables: What each table's checks say, by layer.
        late: How many purchases came late, by day.
        docs: First page of Data Docs.
        seconds: Wall time.
    """

    run_id: str
    conservation: ConservationReport
    tables: dict[str, list[TableResult]]
    late: Lateness
    docs: Path
    seconds: float

    @property
    def failures(self) -> tuple[str, ...]:
        """A sentence for each thing that closes the gate: lost records, or a failed check of severity error."""
        sentences = [] if self.conservation.ok else [self.conservation.summary]
        for results in self.tables.values():
            sentences += [failure.sentence for result in results for failure in result.blocking]
        return tuple(sentences)

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for each failed check that does not close the gate."""
        return tuple(
            failure.sentence
            for results in self.tables.values()
            for result in results
            for failure in result.failures
            if failure.severity != "error"
        )

    @property
    def ok(self) -> bool:
        """True when the gate is open."""
        return not self.failures

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "run_id": self.run_id,
            "ok": self.ok,
            "failures": list(self.failures),
            "warnings": list(self.warnings),
            "conservation": self.conservation.as_dict(),
            "tables": {layer: [asdict(result) for result in results] for layer, results in self.tables.items()},
            "late_purchases": self.late.as_dict(),
            "docs": str(self.docs),
            "seconds": round(self.seconds, 3),
        }


def run_quality(settings: Settings, run_id: str) -> QualityReport:
    """Run conservation and every layer's suite, and rebuild Data Docs.

    Args:
        settings: Says where broker, databases, contracts and state are.
        run_id: Any name; what a folder cannot hold is replaced.

    Returns:
        The report; `failures` holds the sentences that should stop whoever called. Failed checks do not raise.

    Raises:
        EnvironmentNotReady: Broker or database do not answer.
    """
    started = time.monotonic()
    now = datetime.now(UTC)
    name = folder_name(run_id)
    home = settings.state / "quality"
    log = get_logger(run=name)
    conservation = check_conservation(settings)
    log.info("conservation", ok=conservation.ok, says=conservation.summary)
    marks = Marks(home / "marks.json")
    runner = SuiteRunner(settings, home, name, now)
    tables: dict[str, list[TableResult]] = {}
    for layer, increments in _increments(settings, marks, conservation).items():
        tables[layer] = runner.run_layer(layer, increments)
        for increment, result in zip(increments, tables[layer], strict=True):
            # A table that failed is looked at again in full until it is mended.
            if not result.blocking:
                marks.put(result.table, increment.mark)
            for failure in result.failures:
                log.warning("check failed", table=failure.table, check=failure.check_id, severity=failure.severity)
    with reading(settings, LAYERS["silver"]) as silver:
        late = lateness(settings, silver)
    docs = runner.build_docs()
    prune(home, KEPT_RUNS)
    make_offline(docs.parent)
    tell_lateness(docs, late)
    report = QualityReport(name, conservation, tables, late, docs, time.monotonic() - started)
    marks.save()
    _record(home / "runs", report, now)
    log.info("quality run ended", ok=report.ok, failures=len(report.failures), seconds=round(report.seconds, 1))
    return report


def folder_name(run_id: str) -> str:
    """Return a run id as a folder name: colons, blanks and what else a path could stumble over become dashes."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", run_id).strip("-.") or "run"


def _increments(settings: Settings, marks: Marks, conservation: ConservationReport) -> dict[str, list[Increment]]:
    catalogue = Catalogue.load(settings.contracts_dir)
    committed = {f"{one.log_id}/{one.partition}": one.committed or 0 for one in conservation.partitions}
    planned: dict[str, list[Increment]] = {}
    for layer, database in LAYERS.items():
        with reading(settings, database) as connection:
            planned[layer] = [
                plan(
                    settings,
                    connection,
                    dataset,
                    marks.get(dataset.table),
                    committed if layer == "bronze" else None,
                )
                for dataset in catalogue.newest(layer)
            ]
    return planned


def _record(folder: Path, report: QualityReport, now: datetime) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{now:%Y%m%dT%H%M%S.%fZ}-{report.run_id}.json"
    path.write_text(json.dumps(report.as_dict(), indent=1), encoding="utf-8")
    for old in sorted(folder.glob("*.json"))[:-KEPT_RECORDS]:
        old.unlink()
