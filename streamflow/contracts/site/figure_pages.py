"""What the pages of rule sets, generator parameters and calibrations show."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

from streamflow.contracts.calibrations import Calibration, Figure
from streamflow.contracts.diff import told
from streamflow.contracts.generator_files import GeneratorFile
from streamflow.contracts.rule_sets import RULES, Band, RuleSet
from streamflow.contracts.site.chain import by_name, chain, chain_head, figure_of, source_words, status_counts
from streamflow.contracts.site.links import figure_page
from streamflow.contracts.site.sources import Sources
from streamflow.contracts.subjects import GENERATOR, RULE_SETS, Subject

RULE_WORDS = {
    "high_value": "The amount against the customer's own mean, and against legitimate amounts.",
    "velocity": "Purchases of the customer within the window.",
    "geographic": "Distance and speed between purchases within the window.",
    "time_anomaly": "Local hour against the customer's own hours.",
    "blacklist": "The merchant is listed at event time.",
}
MICRO = 1_000_000
DIGITS = 5
"""Significant digits that a table shows; the whole value stands in the file."""


def rule_set_context(subject: Subject, sources: Sources) -> dict[str, Any]:
    """Return what the template of a rule set is given."""
    rule_set = subject.content
    if not isinstance(rule_set, RuleSet):
        raise TypeError(f"{subject.id} is no rule set")
    calibration = sources.calibration(rule_set.calibration)
    statuses = [band.status for _, _, measure in rule_set.measures() for band in measure.bands]
    widest = max((_end(band) for _, _, m in rule_set.measures() for band in m.bands), default=1) or 1
    measures = [
        {
            "rule": rule,
            "name": name,
            "measure": measure,
            "bands": [_band(calibration, (rule, name, band), widest) for band in measure.bands],
        }
        for rule, name, measure in rule_set.measures()
    ]
    return {
        "subject": subject,
        "rule_set": rule_set,
        "calibration": calibration,
        "versions": _versions(sources, RULE_SETS, subject),
        "threshold": rule_set.alert_threshold_ulo / MICRO,
        "prior": rule_set.prior_ulo / MICRO,
        "alert_score": _logistic(rule_set.alert_threshold_ulo, rule_set.score_digits),
        "base_score": _logistic(rule_set.prior_ulo, rule_set.score_digits),
        "counts": status_counts([*statuses, rule_set.prior_status, rule_set.alert_threshold_status]),
        "behind": chain_head(rule_set, subject.sha256, calibration),
        "rules": [
            {
                "name": rule,
                "words": RULE_WORDS[rule],
                "parameters": _parameters(subject, rule_set, calibration, rule),
                "measures": [one for one in measures if one["rule"] == rule],
            }
            for rule in RULES
        ],
        "whole": [
            {"name": name, "links": chain(rule_set, subject.sha256, calibration, _figure(calibration, f"rules.{name}"))}
            for name in ("prior_ulo", "alert_threshold_ulo")
        ],
        "history": sources.history(RULE_SETS),
        "rows": _rows(calibration),
    }


def _figure(calibration: Calibration | None, path: str) -> Any:
    return None if calibration is None else calibration.figures.get(path)


def _logistic(ulo: int, digits: int) -> float:
    return round(1 / (1 + math.exp(-ulo / MICRO)), digits)


def _end(band: Band) -> int:
    return max(band.weight_ulo, band.interval[1] if band.interval else 0)


def _parameters(
    subject: Subject, rule_set: RuleSet, calibration: Calibration | None, rule: str
) -> list[dict[str, Any]]:
    """Return windows and histories of a rule, each with its chain."""
    stated = getattr(rule_set.rules, rule)
    return [
        {
            "name": name,
            "value": told(getattr(stated, name)),
            "links": chain(rule_set, subject.sha256, calibration, _figure(calibration, f"rules.{rule}.{name}")),
        }
        for name in stated.__struct_fields__
        if name != "measures"
    ]


def _evidence(calibration: Calibration | None, name: str, figure: Figure | None) -> dict[str, Any]:
    """Return what stands behind one figure of a band; `figure` is None where the calibration holds none."""
    source = calibration.sources[figure.source] if calibration and figure else None
    return {
        "name": name,
        "figure": figure,
        "source": "" if source is None else f"{source.name} ({source_words(source)})",
        "interval": "" if figure is None or figure.interval is None else told(figure.interval, DIGITS),
    }


def _band(calibration: Calibration | None, place: tuple[str, str, Band], widest: int) -> dict[str, Any]:
    """Return a band with its bar (percent of the widest) and the evidence of its bound and its weight."""
    rule, measure, band = place
    low, high = band.interval or (band.weight_ulo, band.weight_ulo)
    parts = {part: figure_of(calibration, rule, measure, band.id, part) for part in ("at_least", "weight_ulo")}
    return {
        "band": band,
        "from": told(band.at_least),
        "weight": band.weight_ulo / MICRO,
        "odds": math.exp(band.weight_ulo / MICRO),
        "interval": None if band.interval is None else (band.interval[0] / MICRO, band.interval[1] / MICRO),
        "bar": round(100 * band.weight_ulo / widest, 1),
        "low": round(100 * max(low, 0) / widest, 1),
        "span": round(100 * (high - max(low, 0)) / widest, 1),
        "evidence": [_evidence(calibration, f"{band.id}.{part}", figure) for part, figure in parts.items()],
    }


def _rows(calibration: Calibration | None) -> list[str]:
    """Say what a rule set was calibrated on."""
    if calibration is None:
        return []
    found = [source for _, source in sorted(calibration.sources.items()) if source.kind != "choice"]
    return [f"{source.name} ({source_words(source)})" for source in found]


def generator_context(subject: Subject, sources: Sources) -> dict[str, Any]:
    """Return what the template of the generator parameters is given."""
    world = subject.content
    if not isinstance(world, GeneratorFile):
        raise TypeError(f"{subject.id} holds no generator parameters")
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, figure in world.figures.items():
        group, _, name = path.partition(".")
        groups.setdefault(group if name else "run", []).append(
            {
                "path": path,
                "figure": figure,
                "value": told(figure.value, DIGITS),
                "full": json.dumps(figure.value, ensure_ascii=False),
                "interval": None if figure.interval is None else told(figure.interval, DIGITS),
            }
        )
    return {
        "subject": subject,
        "world": world,
        "calibration": sources.calibration(world.calibration),
        "versions": _versions(sources, GENERATOR, subject),
        "groups": groups,
        "counts": status_counts([figure.status for figure in world.figures.values()]),
        "history": sources.history(GENERATOR),
    }


def calibration_context(subject: Subject, sources: Sources) -> dict[str, Any]:
    """Return what the template of a calibration is given."""
    calibration = subject.content
    if not isinstance(calibration, Calibration):
        raise TypeError(f"{subject.id} is no calibration")
    users = [one for one in (*sources.rule_sets, *sources.worlds) if one.calibration == calibration.id]
    return {
        "subject": subject,
        "calibration": calibration,
        "users": [{"id": one.id, "href": figure_page(one.family, one.version)} for one in users],
        "counts": calibration.by_status(),
        "rule_counts": calibration.by_status("rules."),
        "parameters": by_name(calibration.notebook.parameters),
        "sources": [
            {"key": key, "source": source, "words": source_words(source)}
            for key, source in sorted(calibration.sources.items())
        ],
        "figures": [
            {
                "path": path,
                "figure": figure,
                "value": told(figure.value, DIGITS),
                "full": json.dumps(msgspec.to_builtins(figure.value), ensure_ascii=False),
                "interval": None if figure.interval is None else told(figure.interval, DIGITS),
            }
            for path, figure in sorted(calibration.figures.items(), key=lambda item: _natural(item[0]))
        ],
    }


def _natural(path: str) -> list[tuple[int, str]]:
    """Order paths as people count: from_5 before from_12."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", path)]


def _versions(sources: Sources, family: str, subject: Subject) -> list[dict[str, Any]]:
    return [
        {"version": one.version, "href": f"{one.version}.html", "here": one.version == subject.version}
        for one in sources.family(family)
    ]
