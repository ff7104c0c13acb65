"""A report as Markdown for docs/BENCHMARKS.md, and as plain data."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from streamflow.bench.measures import Measure, Report


def number(value: float) -> str:
    """Return a figure with about three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def markdown(report: Report) -> str:
    """Return the page."""
    # Markdown, not HTML: nothing to escape, and every text is the project's own.
    environment = Environment(
        loader=PackageLoader("streamflow.bench"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701
    )
    environment.filters["number"] = number
    return environment.get_template("benchmarks.md.jinja").render(report=report).rstrip() + "\n"


def as_dict(report: Report) -> dict[str, Any]:
    """Return the report for machines."""

    def row(measure: Measure) -> dict[str, Any]:
        return {
            "name": measure.name,
            "unit": measure.unit,
            "median": measure.median,
            "runs": measure.runs,
            "baseline": measure.baseline or None,
            "ratio": report.ratio(measure),
            "note": measure.note or None,
        }

    return {
        "taken": report.taken,
        "command": report.command,
        "machine": report.machine,
        "versions": report.versions,
        "sections": [
            {"title": section.title, "method": section.method, "measures": [row(one) for one in section.measures]}
            for section in report.sections
        ],
    }
