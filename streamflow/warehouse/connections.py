"""Connections to the three layers, and the lock that lets one load run at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from streamflow.errors import EnvironmentNotReady
from streamflow.settings import Database, Role, Settings

Connection = psycopg.Connection[tuple[Any, ...]]

LOCK_KEY: Final = 0x53460003
"""Advisory lock of this module's writers, a number nobody else in these databases uses."""

LOCK_WAIT: Final = "10min"


@contextmanager
def connect(settings: Settings, database: Database, role: Role) -> Iterator[Connection]:
    """Open an autocommit connection; use `connection.transaction()` for what belongs together.

    Raises:
        EnvironmentNotReady: The server does not answer or refuses this role.
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
        yield connection


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
