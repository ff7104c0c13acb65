"""The engine-neutral checks of a contract: the one list that each engine translates.

A check is data. Engines (streamflow.contracts.engines) say what they cannot express; nothing is dropped in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from streamflow.contracts.odcs import Severity

Kind = Literal[
    "required",
    "type",
    "enum",
    "range",
    "length",
    "pattern",
    "format",
    "items",
    "unique",
    "required_when",
    "equals_setting",
    "contract",
]

DIMENSION: dict[str, str] = {
    "required": "completeness",
    "required_when": "completeness",
    "unique": "uniqueness",
    "contract": "consistency",
    "equals_setting": "consistency",
}

# The reason that a record is rejected with when the check fails; `unique` is no property of one record.
REASON: dict[str, str] = {
    "required": "missing_field",
    "required_when": "missing_field",
    "type": "wrong_type",
    "enum": "not_in_enum",
    "range": "out_of_range",
    "length": "bad_length",
    "items": "bad_length",
    "pattern": "bad_pattern",
    "format": "bad_timestamp",
    "equals_setting": "unsupported_currency",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold.

    Attributes:
        id: Stable name, `<layer>.<dataset>.<column path>.<kind>`.
        kind: What is checked.
        column: Path of the column; `lines[].rule` is inside an array, `` stands for the whole row.
        args: Facts of the check: `values`, `minimum`, `maximum`, `pattern`, `logical`, `columns`, `field`, `equals`...
        severity: How bad a failure is.
    """

    id: str
    kind: Kind
    column: str
    args: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = "error"

    @property
    def dimension(self) -> str:
        """The quality dimension, in the words of ODCS."""
        return DIMENSION.get(self.kind, "conformity")


@dataclass(frozen=True, slots=True)
class Untranslated:
    """A check that an engine cannot express, and why.

    Attributes:
        check: The check.
        reason: Why, as the end of a sentence.
        partly: True when the engine holds the check, but not against everything that breaks it.
    """

    check: Check
    reason: str
    partly: bool = False
