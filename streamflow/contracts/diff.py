"""What a difference between two versions is: typed changes, what each means for whom, and the number it asks for.

The comparisons stand in `diff_datasets`, `diff_rule_sets` and `diff_generator`; the reasons for the levels in ADR 0010.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from streamflow.contracts.versions import LEVELS, Level, bump, worst

Kind = Literal[
    "added",
    "removed",
    "renamed",
    "reordered",
    "changed",
    "tightened",
    "loosened",
    "type",
    "classification",
    "unit",
    "description",
    "key",
    "topic",
    "table",
    "quality",
    "sla",
    "parties",
    "status",
    "weight",
    "band",
    "threshold",
    "evidence",
    "state",
    "window",
    "wording",
]

MAX_TOLD = 60
MAX_PATCHES = 8


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed.

    Attributes:
        kind: What sort of change.
        place: Column, band, figure or property; empty for the whole file.
        what: What changed, in one phrase: `amount_minor: at most 100 -> 90`.
        level: The number that it moves.
        producers: What it means for whoever writes; empty when nothing.
        consumers: What it means for whoever reads; empty when nothing.
        breaks: Names of those who break if they change nothing.
    """

    kind: Kind
    place: str
    what: str
    level: Level
    producers: str = ""
    consumers: str = ""
    breaks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that changed between two versions.

    Attributes:
        old: What was compared, as `fraud_rules/1.0.0`.
        new: With what.
        old_version: Version of `old`.
        new_version: Version of `new`.
        changes: The gravest first; none when the two mean the same.
    """

    old: str
    new: str
    old_version: str
    new_version: str
    changes: tuple[Change, ...]

    @property
    def level(self) -> Level | None:
        """The gravest level; None when nothing changed."""
        return worst(change.level for change in self.changes)

    @property
    def needed_version(self) -> str | None:
        """The number that the changes ask for; None when nothing changed."""
        return needed_version(self.old_version, self.changes)

    @property
    def breaks(self) -> tuple[str, ...]:
        """Everybody who breaks, each once, in the order of the changes."""
        return tuple(dict.fromkeys(name for change in self.changes for name in change.breaks))

    def payload(self) -> dict[str, Any]:
        """Return it as JSON carries it."""
        return {
            "old": self.old,
            "new": self.new,
            "level": self.level,
            "needed_version": self.needed_version,
            "breaks": list(self.breaks),
            "changes": [
                {
                    "kind": change.kind,
                    "place": change.place,
                    "what": change.what,
                    "level": change.level,
                    "producers": change.producers,
                    "consumers": change.consumers,
                    "breaks": list(change.breaks),
                }
                for change in self.changes
            ],
        }

    def lines(self) -> list[str]:
        """Return it in plain words, a line each."""
        if not self.changes:
            return [f"{self.old} -> {self.new}: nothing changed."]
        told = [f"{self.old} -> {self.new}: {self.level}, so the number is {self.needed_version}."]
        for level in reversed(LEVELS):
            changes = [change for change in self.changes if change.level == level]
            told += [f"{level}:"] if changes else []
            # What many changes have in common (a refit moves every weight) is said once, after them.
            for (producers, consumers, breaks), alike in groupby(changes, _meaning):
                told += _listed([f"  {change.what}" for change in alike], level)
                told += [f"    producers: {producers}"] if producers else []
                told += [f"    consumers: {consumers}"] if consumers else []
                told += [f"    breaks: {', '.join(breaks)}"] if breaks else []
        return told


def _listed(lines: list[str], level: Level) -> list[str]:
    """Return lines; of changes that break nobody and decide nothing, the first ones."""
    if level != "patch" or len(lines) <= MAX_PATCHES:
        return lines
    return [*lines[:MAX_PATCHES], f"  ... and {len(lines) - MAX_PATCHES} more; --json lists them all"]


def _meaning(change: Change) -> tuple[str, str, tuple[str, ...]]:
    return change.producers, change.consumers, change.breaks


def needed_version(old_version: str, changes: Iterable[Change]) -> str | None:
    """Return the number that changes ask for, before there is a file of that number; None when nothing changed."""
    level = worst(change.level for change in changes)
    return bump(old_version, level) if level else None


def by_gravity(changes: list[Change]) -> tuple[Change, ...]:
    """Order changes: the gravest first, otherwise as they were found."""
    return tuple(sorted(changes, key=lambda change: -LEVELS.index(change.level)))


def told(value: Any, digits: int = 10) -> str:
    """Write a value of a contract in a few words.

    Args:
        value: Plain data.
        digits: Significant digits of a number with a fraction.
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    if isinstance(value, list | tuple):
        text = "[" + ", ".join(told(item, digits) for item in value) + "]"
    elif isinstance(value, dict):
        text = "{" + ", ".join(f"{key}: {told(item, digits)}" for key, item in value.items()) + "}"
    else:
        text = str(value)
    return text if len(text) <= MAX_TOLD else text[: MAX_TOLD - 4].rstrip(", ") + " ..."


def moved(old: Any, new: Any) -> str:
    """Write a step from one value to another."""
    return f"{told(old)} -> {told(new)}"
