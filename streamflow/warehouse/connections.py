"""Connections to the three layers, and the lock that lets one load run at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from streamflow.errors import EnvironmentNotReady
from streamflow.settings import Database, Role, Settings
from streamflow.warehouse import statements

Connection = psycopg.Connection[tuple[Any, ...]]

LOCK_KEY: Final = 0x53460003
"""Advisory lock of this module's writers, a number nobody else in these databases uses."""

LOCK_WAIT: Final = "10min"


@dataclass(frozen=True)
class Session:
    """A connection together with the folder of SQL text that runs on it.

    Attributes:
        connection: In autocommit, unless inside `connection.transaction()`.
        folder: The SQL folder; statements are named relative to it, as `silver/tick`.
    """

    connection: Connection
    folder: Path

    def render(self, name: str, **values: Any) -> sql.Composed:
        """Return the statement of a file with its values quoted."""
        return statements.render(self.folder / f"{name}.sql", **values)

    def execute(self, name: str, **values: Any) -> psycopg.Cursor[tuple[Any, ...]]:
        """Run the statement of a file."""
        return self.connection.execute(self.render(name, **values))

    def value(self, name: str, **values: Any) -> Any:
        """Return the first column of the first row that a statement gives, or None."""
        row = self.execute(name, **values).fetchone()
        return None if row is None else row[0]


@contextmanager
def connect(settings: Settings, database: Database, role: Role) -> Iterator[Connection]:
    """Open an autocommit connection; use `connection.transaction()` for what belongs together.

    Raises:
        EnvironmentNotReady: The server does not answer or refuses this role, or went away meanwhile.
    """
    host, port = settings.postgres.address()
    try:
        connection = psycopg.connect(settings.postgres.dsn(database, role), autocommit=True)
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1].removeprefix("connection failed: ")
        raise EnvironmentNotReady(
            f"PostgreSQL at {host}:{port} gives no connection to {database} as {settings.postgres.user(role)}: {reason}"
        ) from error
    with connection:
        try:
            yield connection
        except psycopg.OperationalError as error:
            if not connection.broken:
                raise
            raise EnvironmentNotReady(
                f"PostgreSQL at {host}:{port} went away at work in {database}; nothing of the open transaction stays, "
                "so run it again when 'streamflow status' shows it healthy."
            ) from error


@contextmanager
def exclusive(connection: Connection, task: str) -> Iterator[None]:
    """Hold the writers' lock of this database, waiting for another holder to finish.

    Raises:
        EnvironmentNotReady: Another load held it for longer than `LOCK_WAIT`.
    """
    connection.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_WAIT])
    try:
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
    except psycopg.errors.LockNotAvailable:
        raise EnvironmentNotReady(
            f"Another load has held the warehouse for {LOCK_WAIT}, so {task} did not start."
        ) from None
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])
