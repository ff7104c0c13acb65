"""The chain behind a threshold: rule set, calibration, notebook with its parameters, rows with their hash, interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from streamflow.contracts.calibrations import Calibration, Figure, Source
from streamflow.contracts.diff import told
from streamflow.contracts.rule_sets import RuleSet


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a chain.

    Attributes:
        what: What sort of thing.
        text: Which one.
        detail: What else identifies it.
        href: Its page from the site's folder; empty when it has none.
    """

    what: str
    text: str
    detail: str = ""
    href: str = ""


def figure_of(calibration: Calibration | None, rule: str, measure: str, band: str, part: str) -> Figure | None:
    """Return the figure of one part of a band (`at_least` or `weight_ulo`); None when no calibration has it."""
    if calibration is None:
        return None
    return calibration.figures.get(f"rules.{rule}.{measure}.{band}.{part}")


def chain(rule_set: RuleSet, sha256: str, calibration: Calibration | None, figure: Figure | None) -> list[Link]:
    """Return what stands behind a figure of a rule set, from the contract to the rows.

    Args:
        rule_set: The rule set.
        sha256: Hash of its file.
        calibration: What it names; None when it names none.
        figure: The figure; None when the calibration does not hold it.
    """
    links = chain_head(rule_set, sha256, calibration)
    if calibration is None:
        return links
    if figure is None:
        return [*links, Link("figure", "none", "the calibration holds no figure of its own for it")]
    source = calibration.sources[figure.source]
    links.append(Link("source", source.name, source_words(source), f"calibrations/{calibration.id}.html"))
    links.append(Link("method", figure.method))
    links.append(Link("status", figure.status, figure.reason))
    if figure.interval is not None:
        links.append(Link("interval", told(figure.interval), f"95 %, n {figure.n:,}, {figure.unit}"))
    return links


def chain_head(rule_set: RuleSet, sha256: str, calibration: Calibration | None) -> list[Link]:
    """Return what every figure of a rule set has behind it: rule set, calibration, notebook and its parameters."""
    links = [Link("rule set", rule_set.version, f"sha256 {sha256[:12]}", f"rule_sets/{rule_set.version}.html")]
    if calibration is None:
        return [*links, Link("calibration", "none", "nobody measured it; the figure is assumed")]
    page = f"calibrations/{calibration.id}.html"
    notebook = calibration.notebook
    parameters = ", ".join(f"{name} {told(value)}" for name, value in sorted(notebook.parameters.items()))
    links.append(Link("calibration", calibration.id, f"of {calibration.dataset}", page))
    links.append(Link("notebook", notebook.path, f"code {notebook.sha256[:12]}; {parameters}", page))
    return links


def source_words(source: Source) -> str:
    """Say what identifies a source."""
    parts: list[str] = [source.kind]
    parts += [f"{source.rows:,} rows"] if source.rows is not None else []
    parts += [f"sha256 {source.sha256[:12]}"] if source.sha256 else []
    return ", ".join(parts)


def status_counts(statuses: list[str]) -> dict[str, int]:
    """Count statuses, in the order of trust."""
    return {name: statuses.count(name) for name in ("measured", "anchored", "simulated", "assumed")}


def by_name(parameters: dict[str, Any]) -> list[tuple[str, str]]:
    """Return parameters as pairs of words, by name."""
    return [(name, told(value)) for name, value in sorted(parameters.items())]
