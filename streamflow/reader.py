"""Reading the databases: a snapshot in the role `reader`, and statements from `sql/` with quoted parts put in.

It stands beside the contracts, so that every room which recounts from a database reads it in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from streamflow.errors import EnvironmentNotReady

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.sql import Composable, Composed

    from streamflow.settings import Database, Settings


def statement(settings: Settings, name: str, **parts: Composable) -> Composed:
    """Return the statement in `sql/<name>.sql`.

    Args:
        settings: Says where the SQL is.
        name: Folder and file name without `.sql`, as `quality/late_share`.
        **parts: What stands for each `{placeholder}`: identifiers, literals or another statement.

    Returns:
        The composed statement, without header and closing semicolon, so that it can stand inside another one.
    """
    from psycopg.sql import SQL

    lines = (settings.sql_dir / f"{name}.sql").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("--")).rstrip().rstrip(";")
    return SQL(text).format(**parts)


@contextmanager
def reading(settings: Settings, database: Database, **options: Any) -> Iterator[Connection[tuple[Any, ...]]]:
    """Open a read-only connection of the role `reader`, with one snapshot for all its statements.

    Args:
        settings: Say where the server is.
        database: Which one.
        **options: More of libpq's connection options, as `connect_timeout`.

    Raises:
        EnvironmentNotReady: The server or the database is not there.
    """
    import psycopg

    try:
        connection = psycopg.connect(settings.postgres.dsn(database, "reader"), **options)
    except psycopg.OperationalError as error:
        raise EnvironmentNotReady(
            f"The database {database} cannot be read ({str(error).strip().splitlines()[0]}); is the platform up?"
        ) from error
    with connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield connection
