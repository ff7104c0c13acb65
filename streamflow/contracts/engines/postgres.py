"""What a contract means for a PostgreSQL table: column types, keys and CHECK expressions.

Migrations are numbered files that are held against this by a test; nothing here touches a database. What a column's
type does not refuse although the contract does (a JSON of another kind, a time without end) is a CHECK as well. What
a type makes fit (a number into a text, another way of writing a time) is named as left in part: what the table then
holds keeps the contract, but the value that was written did not.
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


def _range(column: str, args: Mapping[str, Any]) -> str:
    bounds = _bounds(column, args)
    # PostgreSQL counts NaN as greater than every number.
    return f"{bounds} AND {column} <> 'NaN'" if args["maximum"] is None and args["holds_nan"] else bounds


def _items(column: str, args: Mapping[str, Any]) -> str:
    # The length of what is no array is an error; its kind is the business of the check `type`.
    return f"CASE WHEN jsonb_typeof({column}) = 'array' THEN {_bounds(f'jsonb_array_length({column})', args)} END"


def _format(column: str, args: Mapping[str, Any]) -> str:
    first, last = _CALENDAR[args["logical"]]
    return f"{column} BETWEEN {literal(first)} AND {literal(last)}"


def _required_when(column: str, args: Mapping[str, Any]) -> str:
    return f"{args['field']} IS DISTINCT FROM {literal(args['equals'])} OR {column} IS NOT NULL"


# Years that RFC 3339 can write; `infinity` lies outside.
_CALENDAR = {
    "timestamp": ("0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"),
    "date": ("0001-01-01", "9999-12-31"),
}

_EXPRESSIONS: dict[str, Callable[[str, Mapping[str, Any]], str]] = {
    "type": lambda column, args: f"jsonb_typeof({column}) = {literal(args['logical'])}",
    "format": _format,
    "enum": lambda column, args: f"{column} IN ({', '.join(literal(value) for value in args['values'])})",
    "range": _range,
    "length": lambda column, args: _bounds(f"char_length({column})", args),
    "items": _items,
    "pattern": lambda column, args: f"{column} ~ {literal(args['pattern'])}",
    "required_when": _required_when,
}

# Expressed by NOT NULL or a key.
_BY_TABLE = frozenset({"required", "unique"})

_INSIDE = "it lies inside JSON; records are judged before they are written"
_NO_MEANS = "a table has no means to express it"
_IN_PART = {
    ("type", "text"): "only in part: a column of text takes numbers and truths as their text",
    ("type", "integer"): "only in part: a fraction is rounded",
    ("type", "bigint"): "only in part: a fraction is rounded",
    ("type", "numeric"): "only in part: a number is rounded to the digits that are kept",
    ("type", "uuid"): "only in part: other ways of writing a uuid are read",
    ("format", "timestamptz"): "only in part: other ways of writing a time are read, and kept as that time",
    ("format", "date"): "only in part: other ways of writing a day are read, and kept as that day",
}


def translate(dataset: Dataset) -> PgTable:
    """Translate the contract of a table.

    Args:
        dataset: A dataset of the layers bronze, silver or gold.

    Returns:
        Columns, keys and CHECKs, and what no table can express, or only in part.
    """
    columns = tuple(PgColumn(c.name, c.physical_type, not c.required) for c in dataset.columns)
    checks: list[PgCheck] = []
    keys: list[PgKey] = []
    untranslated: list[Untranslated] = []
    for check in dataset.checks:
        if "[]" in check.column or "." in check.column:
            untranslated.append(Untranslated(check, _INSIDE))
            continue
        physical = dataset.column(check.column).physical_type if check.column else ""
        in_part = _IN_PART.get((check.kind, physical.partition("(")[0]))
        if in_part is not None:
            untranslated.append(Untranslated(check, in_part, partly=True))
        if check.kind == "unique":
            names = tuple(check.args["columns"])
            keys.append(PgKey(names, primary=names == dataset.primary_key))
        elif _by_column(check, physical):
            continue
        elif check.kind in _EXPRESSIONS:
            args = {**check.args, "holds_nan": physical.startswith(("numeric", "double", "real"))}
            checks.append(PgCheck(_name(dataset, check), _EXPRESSIONS[check.kind](check.column, args), check.id))
        elif check.kind not in _BY_TABLE:
            untranslated.append(Untranslated(check, _NO_MEANS))
    return PgTable(dataset.table, columns, tuple(keys), tuple(checks), tuple(untranslated))


def _by_column(check: Check, physical: str) -> bool:
    """Say whether the column's type holds a check already; of JSON it does not say the kind."""
    return (check.kind == "type" and physical != "jsonb") or (check.kind == "length" and physical == "uuid")


def create_table(table: PgTable, name: str, *, constrained: bool = True) -> str:
    """Return the statement that creates a table as its contract wants it.

    Args:
        table: The translation.
        name: What to call it, with its schema where it has one.
        constrained: Whether it has NOT NULL, keys and CHECKs, or the columns' types alone.
    """
    lines = [
        f"{one.name} {one.type}" + (" NOT NULL" if constrained and not one.nullable else "") for one in table.columns
    ]
    if constrained:
        lines += [("PRIMARY KEY" if key.primary else "UNIQUE") + f" ({', '.join(key.columns)})" for key in table.keys]
        lines += [f"CONSTRAINT {check.name} CHECK ({check.expression})" for check in table.checks]
    return f"CREATE TABLE {name} (\n    " + ",\n    ".join(lines) + "\n)"


def alterations(table: PgTable, held: Mapping[str, str]) -> tuple[str, ...]:
    """Return what must be altered so that a table has the CHECKs of its contract.

    Args:
        table: The translation.
        held: By name, the expressions of the CHECKs that it has from its contract's earlier version.

    Returns:
        Parts of one ALTER TABLE, first what goes; none when nothing is to be done.
    """
    wanted = {check.name: check.expression for check in table.checks}
    going = [name for name, expression in held.items() if wanted.get(name) != expression]
    coming = [check for check in table.checks if held.get(check.name) != check.expression]
    return (
        *(f"DROP CONSTRAINT {name}" for name in going),
        *(f"ADD CONSTRAINT {check.name} CHECK ({check.expression})" for check in coming),
    )


def _name(dataset: Dataset, check: Check) -> str:
    return f"{dataset.name}_{check.column}_{check.kind}"[:MAX_IDENTIFIER]
