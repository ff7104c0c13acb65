"""What a contract means for a PostgreSQL table: column types, keys and CHECK expressions.

Migrations are written by hand and held against this by a test; nothing here touches a database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from streamflow.contracts.checks import Check, Untranslated
from streamflow.contracts.dataset import Dataset

MAX_IDENTIFIER = 63


@dataclass(frozen=True, slots=True)
class PgColumn:
    """A column as PostgreSQL's format_type writes it."""

    name: str
    type: str
    nullable: bool


@dataclass(frozen=True, slots=True)
class PgKey:
    """A primary key or unique constraint."""

    columns: tuple[str, ...]
    primary: bool


@dataclass(frozen=True, slots=True)
class PgCheck:
    """A CHECK; like every CHECK it passes where the column is null."""

    name: str
    expression: str
    check_id: str


@dataclass(frozen=True, slots=True)
class PgTable:
    """A table as its contract wants it."""

    name: str
    columns: tuple[PgColumn, ...]
    keys: tuple[PgKey, ...]
    checks: tuple[PgCheck, ...]
    untranslated: tuple[Untranslated, ...]


def literal(value: str | float) -> str:
    """Quote a value of a contract as an SQL literal."""
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def _bounds(term: str, args: Mapping[str, Any]) -> str:
    low, high = args["minimum"], args["maximum"]
    if low is not None and high is not None:
        return f"{term} BETWEEN {literal(low)} AND {literal(high)}"
    return f"{term} >= {literal(low)}" if high is None else f"{term} <= {literal(high)}"


def _required_when(column: str, args: Mapping[str, Any]) -> str:
    return f"{args['field']} IS DISTINCT FROM {literal(args['equals'])} OR {column} IS NOT NULL"


_EXPRESSIONS: dict[str, Callable[[str, Mapping[str, Any]], str]] = {
    "enum": lambda column, args: f"{column} IN ({', '.join(literal(value) for value in args['values'])})",
    "range": _bounds,
    "length": lambda column, args: _bounds(f"char_length({column}::text)", args),
    "items": lambda column, args: _bounds(f"jsonb_array_length({column})", args),
    "pattern": lambda column, args: f"{column} ~ {literal(args['pattern'])}",
    "required_when": _required_when,
}

# Expressed by the column's type, its NOT NULL, or a key.
_BY_TABLE = frozenset({"required", "type", "format", "unique"})


def translate(dataset: Dataset) -> PgTable:
    """Translate the contract of a table.

    Args:
        dataset: A dataset of the layers bronze, silver or gold.

    Returns:
        Columns, keys and CHECKs, and what no table can express.
    """
    columns = tuple(PgColumn(c.name, c.physical_type, not c.required) for c in dataset.columns)
    checks: list[PgCheck] = []
    keys: list[PgKey] = []
    untranslated: list[Untranslated] = []
    for check in dataset.checks:
        if "[]" in check.column or "." in check.column:
            untranslated.append(Untranslated(check, "it lies inside JSON; records are judged before they are written"))
        elif check.kind == "unique":
            names = tuple(check.args["columns"])
            keys.append(PgKey(names, primary=names == dataset.primary_key))
        elif check.kind in _EXPRESSIONS:
            expression = _EXPRESSIONS[check.kind](check.column, check.args)
            checks.append(PgCheck(_name(dataset, check), expression, check.id))
        elif check.kind not in _BY_TABLE:
            untranslated.append(Untranslated(check, "a table has no means to express it"))
    return PgTable(dataset.table, columns, tuple(keys), tuple(checks), tuple(untranslated))


def _name(dataset: Dataset, check: Check) -> str:
    return f"{dataset.name}_{check.column}_{check.kind}"[:MAX_IDENTIFIER]
