"""The parts of the benchmark: what each measures, whether it needs a platform, and how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streamflow.errors import InputError, nearest


@dataclass(frozen=True)
class Part:
    """One part, as `--only` names it.

    Attributes:
        measures: What.
        minutes: How long it takes with the usual numbers, on two idle cores.
        needs: `jobs` for a platform with Kafka, Flink and PostgreSQL, `postgres` for the database alone; else nothing.
    """

    measures: str
    minutes: int
    needs: str = ""


PARTS = {
    "throughput": Part("records/s of the jobs", 8, "jobs"),
    "detectors": Part("the detector beside Quix Streams and plain Python", 30, "jobs"),
    "latency": Part("seconds from a purchase to its alert", 4, "jobs"),
    "transforms": Part("rows/s into silver and gold", 6, "jobs"),
    "footprint": Part("start-up and memory", 10, "jobs"),
    "promotion": Part("seconds until every subtask has a change of the rules", 2, "jobs"),
    "contracts": Part("validators a record, checks a million rows", 10, "postgres"),
    "calibration": Part("seconds and memory of a calibration", 12),
    "engine": Part("the five rules alone, 1 k to 1 M customers", 1),
    "backtest": Part("seconds and memory of backtests of up to ten million rows", 9),
    "quality": Part("average precision beside baselines on a simulated town", 8),
    "gate": Part("how often a promotion's gate errs", 6),
}
ON_JOBS = tuple(name for name, part in PARTS.items() if part.needs == "jobs")


def parts_help() -> str:
    """Return what `--only` says in the help."""
    told = ", ".join(f"{name} ({part.minutes} min)" for name, part in PARTS.items())
    return f"A part; may be repeated. Minutes are those of two idle cores: {told}."


def complete_part(incomplete: str) -> list[tuple[str, str]]:
    """Return the parts that a shell may complete a word to, each with what it measures."""
    return [(name, part.measures) for name, part in PARTS.items() if name.startswith(incomplete)]


def check_parts(names: Sequence[str]) -> None:
    """Refuse a part that there is not.

    Raises:
        InputError: It names the nearest one.
    """
    for name in names:
        if name not in PARTS:
            raise InputError(f"The benchmark has no part '{name}'; {nearest(name, PARTS)}")
