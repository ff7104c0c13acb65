"""What of a table is new since the last run that passed: a mark a table, and the query that selects above it.

A table that says when its rows were loaded is marked by that time; one that says where its rows lie in a log by offset;
a small one that says neither is checked whole. Loads of silver and gold run one after another with rising times, so a
strict "later than" is exact there; the stream writes its aggregates from several connections, so their mark stays some
minutes behind the present.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from streamflow.errors import InputError
from streamflow.quality.statements import statement

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.sql import Composed

    from streamflow.contracts.dataset import Dataset
    from streamflow.settings import Settings

LOAD_TIMES = ("cleaned_at", "enriched_at", "labelled_at", "loaded_at", "processing_timestamp", "updated_at")
MARGIN_S = {"updated_at": 300}
OFFSETS = (("kafka_partition", "kafka_offset"), ("source_partition", "source_offset"))

Mark = dict[str, Any]
"""`{"by": "offset", "next": {"<log_id>/<partition>": offset}}`, `{"by": "time", "newest": text}` or `{"by": "all"}`."""


@dataclass(frozen=True)
class Increment:
    """The rows of one table that a run looks at.

    Attributes:
        dataset: The table's contract.
        query: Selects the rows.
        rows: How many there are.
        total: Rows of the whole table.
        mark: What the next run starts from, if this one passes.
    """

    dataset: Dataset
    query: str
    rows: int
    total: int
    mark: Mark


class Marks:
    """The marks of all tables, in one JSON file.

    Args:
        path: The file; it need not exist.

    Raises:
        InputError: The file is no JSON object.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._marks: dict[str, Mark] = {}
        if path.exists():
            try:
                self._marks = dict(json.loads(path.read_text(encoding="utf-8")))
            except (ValueError, TypeError) as error:
                raise InputError(f"{path} holds no marks ({error}); delete it to check every table whole.") from None

    def get(self, table: str) -> Mark | None:
        """Return a table's mark, or None before its first run."""
        return self._marks.get(table)

    def put(self, table: str, mark: Mark) -> None:
        """Set a table's mark; `save` keeps it."""
        self._marks[table] = mark

    def save(self) -> None:
        """Write the file, whole or not at all."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(self._marks, indent=1, sort_keys=True), encoding="utf-8")
        draft.replace(self._path)


def plan(
    settings: Settings,
    connection: Connection[tuple[Any, ...]],
    dataset: Dataset,
    mark: Mark | None,
    committed: Mapping[str, int] | None = None,
) -> Increment:
    """Decide what to look at.

    Args:
        settings: Says where the SQL is.
        connection: To the database of the table.
        dataset: The table's contract.
        mark: Where the last run that passed ended.
        committed: Committed offsets by `<log_id>/<partition>`; a mark never passes them, because below the committed
            offset nothing can still arrive.

    Returns:
        The increment, counted.
    """
    from psycopg.sql import SQL, Identifier

    kind, columns = _kind(dataset)
    table = SQL("{}").format(Identifier(*dataset.table.split(".")))
    if mark is not None and mark.get("by") != kind:
        mark = None
    condition = SQL("true").format()
    if mark is not None and kind == "offset":
        condition = _above_offsets(columns, mark["next"])
    elif mark is not None and kind == "time":
        condition = _later_than(columns[0], mark["newest"])
    query = statement(settings, "increment", table=table, condition=condition)
    rows, total = connection.execute(
        statement(settings, "increment_rows", table=table, condition=condition)
    ).fetchone() or (0, 0)
    new_mark = _next_mark(settings, connection, table, kind, columns)
    if kind == "offset" and committed is not None:
        new_mark["next"] = {place: min(end, committed.get(place, end)) for place, end in new_mark["next"].items()}
    return Increment(dataset, query.as_string(connection), rows, total, new_mark)


def _kind(dataset: Dataset) -> tuple[Literal["offset", "time", "all"], tuple[str, ...]]:
    names = {column.name for column in dataset.columns}
    for name in LOAD_TIMES:
        if name in names:
            return "time", (name,)
    for pair in OFFSETS:
        if names.issuperset(pair):
            return "offset", pair
    return "all", ()


def _above_offsets(columns: tuple[str, ...], ends: Mapping[str, int]) -> Composed:
    from psycopg.sql import SQL, Identifier, Literal

    partition, offset = (Identifier(name) for name in columns)
    conditions = []
    for place, end in sorted(ends.items()):
        log_id, _, number = place.rpartition("/")
        conditions.append(
            SQL("NOT (log_id = {} AND {} = {} AND {} < {})").format(
                Literal(log_id), partition, Literal(int(number)), offset, Literal(end)
            )
        )
    return SQL(" AND ").join(conditions) if conditions else SQL("true").format()


def _later_than(column: str, newest: str) -> Composed:
    from psycopg.sql import SQL, Identifier, Literal

    return SQL("{} > {}::timestamptz").format(Identifier(column), Literal(newest))


def _next_mark(
    settings: Settings,
    connection: Connection[tuple[Any, ...]],
    table: Composed,
    kind: Literal["offset", "time", "all"],
    columns: tuple[str, ...],
) -> Mark:
    from psycopg.sql import SQL, Identifier, Literal

    if kind == "time":
        column = SQL("{}").format(Identifier(columns[0]))
        margin = SQL("{}").format(Literal(f"{MARGIN_S.get(columns[0], 0)} seconds"))
        row = connection.execute(
            statement(settings, "newest_load", table=table, column=column, margin=margin)
        ).fetchone()
        newest: datetime | None = row[0] if row else None
        return {"by": "time", "newest": "-infinity" if newest is None else newest.isoformat()}
    if kind == "offset":
        partition, offset = (SQL("{}").format(Identifier(name)) for name in columns)
        query = statement(settings, "newest_offsets", table=table, partition=partition, offset=offset)
        return {"by": "offset", "next": {f"{row[0]}/{row[1]}": row[2] for row in connection.execute(query)}}
    return {"by": "all"}
