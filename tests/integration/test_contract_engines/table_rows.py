"""Rows of a corpus in a real PostgreSQL: how they are bound, and what a refusal says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from psycopg.types.string import StrDumper, StrDumperUnknown

from streamflow.contracts.checks import REASON
from streamflow.contracts.corpus import CorpusRow
from streamflow.contracts.dataset import Column, Dataset
from streamflow.settings import Database, Settings
from tests.servers import superuser
from tests.unit.contracts.agreement import BEYOND

DATABASES: dict[str, Database] = {"bronze": "bronze_db", "silver": "silver_db", "gold": "gold_db"}

# What a refusal without a constraint's name means; those of text and JSON depend on the column.
STATES = {
    "23502": "missing_field",
    "42804": "wrong_type",
    "22003": "out_of_range",
    "22007": "bad_timestamp",
    "22008": "bad_timestamp",
    "22009": "bad_timestamp",
    "22P05": "bad_string",
}


class Unknown(str):
    """Text whose type PostgreSQL takes from the column, as it does for what the stream's sink sends."""

    __slots__ = ()


@dataclass(frozen=True)
class Stored:
    """What a table made of a row.

    Attributes:
        reason: Why it was refused; empty when it was kept.
        check_id: The check whose CHECK refused it, where one did.
        row: What was kept, as JSON; None when refused.
    """

    reason: str
    check_id: str = ""
    row: dict[str, Any] | None = None


def strict_connection(settings: Settings, database: Database) -> psycopg.Connection[Any]:
    """Connect so that text is sent as text: it is then no number, although it may look like one."""
    connection = superuser(settings, database)
    connection.adapters.register_dumper(str, StrDumper)
    connection.adapters.register_dumper(Unknown, StrDumperUnknown)
    connection.execute("SET timezone = 'UTC'")
    return connection


def bound(column: Column, value: Any) -> Any:
    """Return a JSON value as a client that knows the column's type sends it."""
    if value is None:
        return None
    if column.physical_type == "jsonb" or isinstance(value, list | dict):
        return Jsonb(value)
    if isinstance(value, str) and column.physical_type == "bytea":
        return value.encode()
    if isinstance(value, str) and column.physical_type in ("timestamptz", "date", "uuid"):
        return Unknown(value)
    return value


def insertion(dataset: Dataset, table: str, *extra: str) -> sql.Composed:
    """Return the statement that inserts one row and gives back what was kept."""
    names = [column.name for column in dataset.columns] + list(extra)
    return sql.SQL("INSERT INTO {} AS t ({}) OVERRIDING SYSTEM VALUE VALUES ({}) RETURNING to_jsonb(t)").format(
        sql.Identifier(*table.split(".")),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join([sql.Placeholder()] * len(names)),
    )


def stored(
    connection: psycopg.Connection[Any],
    dataset: Dataset,
    rows: Iterable[CorpusRow],
    checks: dict[str, tuple[str, str]],
) -> list[Stored]:
    """Insert rows into the dataset's table, each for a moment, and say what came of it.

    Args:
        connection: From `strict_connection`.
        dataset: The contract of the table.
        rows: Rows of its corpus.
        checks: By name of a constraint, the id and the kind of its check.
    """
    statement = insertion(dataset, dataset.table)
    found = []
    # Rows that migrations put in, such as the members that stand for none, would meet those of the corpus.
    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(*dataset.table.split("."))))
    for row in rows:
        values = [bound(column, row.record.get(column.name)) for column in dataset.columns]
        try:
            with connection.transaction(force_rollback=True):
                kept = connection.execute(statement, values).fetchone()
            assert kept is not None
            found.append(Stored("", row=kept[0]))
        except psycopg.errors.CheckViolation as error:
            check_id, kind = checks.get(error.diag.constraint_name or "", ("", ""))
            found.append(Stored(REASON.get(kind, BEYOND), check_id))
        except (psycopg.Error, UnicodeEncodeError) as error:
            found.append(Stored(_reason(error, dataset, row)))
    return found


def _reason(error: psycopg.Error | UnicodeEncodeError, dataset: Dataset, row: CorpusRow) -> str:
    """Say what a refusal without a constraint means."""
    if isinstance(error, UnicodeEncodeError) or "NUL" in str(error):
        return "bad_string"
    state = error.sqlstate or ""
    if state == "22P02":
        is_json = row.column and dataset.column(row.column.partition("[")[0]).physical_type == "jsonb"
        return "bad_string" if is_json else "wrong_type"
    return STATES.get(state, f"{state}: {error}")
