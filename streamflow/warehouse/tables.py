"""How many rows each table of each layer has, and when each transform last ran."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from streamflow.settings import Settings
from streamflow.warehouse.connections import Session, connect
from streamflow.warehouse.migrations import LAYERS


@dataclass(frozen=True)
class LastRun:
    """The newest audited run of a transform."""

    transform: str
    run_id: str
    status: str
    finished_at: datetime
    detail: str | None


def counts(settings: Settings) -> dict[str, int]:
    """Return the exact number of rows by table, as `silver.clean_transactions`, for all three layers.

    Raises:
        EnvironmentNotReady: PostgreSQL does not answer.
    """
    found: dict[str, int] = {}
    for database, layer in LAYERS.items():
        with connect(settings, database, "reader") as connection:
            session = Session(connection, settings.sql_dir)
            for (name,) in session.execute("ops/tables", schema=layer).fetchall():
                query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(layer, name))
                row = connection.execute(query).fetchone()
                found[f"{layer}.{name}"] = 0 if row is None else int(row[0])
    return found


def last_runs(settings: Settings) -> list[LastRun]:
    """Return the newest run of each transform."""
    runs = []
    for database in LAYERS:
        with connect(settings, database, "reader") as connection:
            rows = Session(connection, settings.sql_dir).execute("ops/last_runs").fetchall()
            runs += [LastRun(*row) for row in rows]
    return runs
