"""Numbered migrations: each file once, in order, in a transaction of its own, under a lock, with its checksum kept.

The link to the layer before (foreign server, user mappings) is no migration: address and passwords change, so it is set
anew at each `migrate`, before the migrations of that layer import foreign tables over it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

import psycopg
from psycopg import sql

from streamflow.errors import EnvironmentNotReady, InputError
from streamflow.log import get_logger
from streamflow.settings import Database, Role, Settings
from streamflow.warehouse import statements
from streamflow.warehouse.connections import Connection, connect, exclusive

LAYERS: Final[dict[Database, str]] = {"bronze_db": "bronze", "silver_db": "silver", "gold_db": "gold"}
UPSTREAM: Final[dict[Database, Database]] = {"silver_db": "bronze_db", "gold_db": "silver_db"}
LINK_ROLES: Final[tuple[Role, ...]] = ("owner", "transform", "reader")

_FILE = re.compile(r"^(\d{4})_([a-z0-9_]+)\.sql$")


@dataclass(frozen=True)
class Migration:
    """One file that has been or will be applied."""

    version: int
    name: str
    path: Path
    sha256: str


@dataclass(frozen=True)
class Applied:
    """One migration that this run applied."""

    database: Database
    version: int
    name: str


def migrate(settings: Settings) -> list[Applied]:
    """Bring the three databases to the newest migration, and their links to today's address and passwords.

    Args:
        settings: Where the server is, and the password of the role owner.

    Returns:
        What was applied now, in order; nothing when all was up to date.

    Raises:
        InputError: An applied file has changed or is gone, or numbers are not contiguous.
        EnvironmentNotReady: The server does not answer, or a migration fails in it.
    """
    return [done for database in LAYERS for done in _migrate_database(settings, database)]


def discover(folder: Path) -> list[Migration]:
    """List the migrations of a folder, checked to be numbered 1, 2, 3 and so on.

    Raises:
        InputError: A name is not `NNNN_name.sql`, or a number is missing or used twice.
    """
    found: list[Migration] = []
    for path in sorted(folder.glob("*.sql")):
        match = _FILE.match(path.name)
        if match is None:
            raise InputError(f"The migration {path} is not named NNNN_name.sql.")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        found.append(Migration(int(match[1]), match[2], path, digest))
    for expected, migration in enumerate(found, start=1):
        if migration.version != expected:
            raise InputError(f"The migration {migration.path} should have the number {expected:04d}.")
    if not found:
        raise InputError(f"There are no migrations in {folder}.")
    return found


def pending(found: list[Migration], applied: dict[int, tuple[str, str]], layer: str) -> list[Migration]:
    """Return the migrations to apply, after holding the applied ones against their files.

    Args:
        found: The files, in order.
        applied: Version to (name, sha256) as the database recorded them.
        layer: Named in the sentence.

    Raises:
        InputError: An applied file has changed, or is gone.
    """
    by_version = {migration.version: migration for migration in found}
    for version, (name, sha256) in sorted(applied.items()):
        migration = by_version.get(version)
        if migration is None or migration.name != name:
            raise InputError(
                f"The migration {version:04d}_{name} was applied to {layer}, but its file is gone; restore it."
            )
        if migration.sha256 != sha256:
            raise InputError(
                f"{migration.path} has changed after it was applied; restore it and put the change into "
                f"{len(found) + 1:04d}_<name>.sql."
            )
    return [migration for migration in found if migration.version not in applied]


def _migrate_database(settings: Settings, database: Database) -> list[Applied]:
    layer = LAYERS[database]
    log = get_logger(database=database)
    found = discover(settings.sql_dir / "migrations" / layer)
    done: list[Applied] = []
    with connect(settings, database, "owner") as connection, exclusive(connection, "the migration"):
        connection.execute(statements.render(settings.sql_dir / "migrations" / "bootstrap.sql"))
        rows = connection.execute("SELECT version, name, sha256 FROM ops.schema_migrations").fetchall()
        todo = pending(found, {version: (name, sha256) for version, name, sha256 in rows}, layer)
        if database in UPSTREAM:
            _link(connection, settings, UPSTREAM[database])
        for migration in todo:
            _apply(connection, settings, database, migration)
            log.info("migration applied", version=migration.version, name=migration.name)
            done.append(Applied(database, migration.version, migration.name))
    return done


def _apply(connection: Connection, settings: Settings, database: Database, migration: Migration) -> None:
    roles: dict[str, Any] = {role: sql.Identifier(settings.postgres.user(role)) for role in get_args(Role)}
    body = statements.render(migration.path, database=sql.Identifier(database), **roles)
    try:
        with connection.transaction():
            connection.execute(body)
            connection.execute(
                "INSERT INTO ops.schema_migrations (version, name, sha256) VALUES (%s, %s, %s)",
                [migration.version, migration.name, migration.sha256],
            )
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise EnvironmentNotReady(f"{migration.path} failed in {database} and was rolled back: {reason}") from error


def _link(connection: Connection, settings: Settings, upstream: Database) -> None:
    """Set the foreign server and its user mappings; values are bound, so no password reaches a statement's text."""
    host, port = settings.postgres.address()
    users = {settings.postgres.user(role): settings.postgres.password(role) for role in LINK_ROLES}
    values = {"link.host": host, "link.port": str(port), "link.dbname": upstream, "link.roles": ",".join(users)}
    values |= {f"link.password.{user}": password for user, password in users.items()}
    folder = settings.sql_dir / "links"
    with connection.transaction():
        for name, value in values.items():
            connection.execute(statements.bound(folder / "link_setting.sql"), {"name": name, "value": value})
        connection.execute(statements.render(folder / "link_upstream.sql"))
