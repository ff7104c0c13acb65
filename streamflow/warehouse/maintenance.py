"""Daily care: partitions ahead of the log, retention with a ledger, statistics, a short audit.

"Now" is the profile's one clock. With the log's clock (simulations, backfills) nothing is removed unless asked, because
data of years ago would all be older than any limit on its first day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from psycopg import sql

from streamflow.contracts.catalogue import Catalogue
from streamflow.contracts.dataset import Dataset
from streamflow.errors import InputError
from streamflow.log import get_logger
from streamflow.settings import Settings
from streamflow.warehouse.connections import Session, connect, exclusive
from streamflow.warehouse.migrations import LAYERS

AUDIT_DAYS: Final = 90
"""Wall-clock days that audit rows are kept: one quarter's runs to look back on."""


@dataclass(frozen=True)
class MaintenanceReport:
    """What a run did.

    Attributes:
        partitions_made: New partitions by offset.
        removed: Rows removed by partition that was dropped.
        kept: Why a partition that is old enough was kept, by partition.
        audit_rows_pruned: Audit rows forgotten.
    """

    partitions_made: int
    removed: dict[str, int]
    kept: dict[str, str]
    audit_rows_pruned: int


@dataclass(frozen=True)
class _Range:
    log_id: str
    kafka_partition: int
    from_offset: int
    to_offset: int
    rows: int
    newest: datetime


def run(settings: Settings, *, retain_days: int | None = None) -> MaintenanceReport:
    """Take care of the three databases.

    Args:
        settings: Where they are, and which clock counts.
        retain_days: Remove partitions whose newest record is older; when not given, what the bronze contracts say
            under a wall clock, and nothing under the log's clock.

    Returns:
        What was done.

    Raises:
        InputError: `retain_days` is no positive number.
        EnvironmentNotReady: PostgreSQL does not answer, or a load does not end.
    """
    if retain_days is not None and retain_days < 1:
        raise InputError(f"Retention must be at least 1 day, not {retain_days}.")
    log = get_logger(task="maintenance")
    removed: dict[str, int] = {}
    kept: dict[str, str] = {}
    made = pruned = 0
    for database in LAYERS:
        with connect(settings, database, "owner") as connection, exclusive(connection, "maintenance"):
            session = Session(connection, settings.sql_dir)
            if database == "bronze_db":
                made = int(session.value("maintenance/extend_partitions"))
                _retain(settings, session, _limits(settings, session, retain_days), removed, kept)
            pruned += session.execute("maintenance/audit_prune", keep_days=AUDIT_DAYS).rowcount
            _analyze(session, LAYERS[database])
    for partition, rows in removed.items():
        log.info("partition removed by retention", partition=partition, rows=rows)
    return MaintenanceReport(made, removed, kept, pruned)


def _analyze(session: Session, layer: str) -> None:
    for (name,) in session.execute("ops/tables", schema=layer).fetchall():
        session.connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(layer, name)))


def _limits(settings: Settings, session: Session, retain_days: int | None) -> dict[str, datetime]:
    """Return the oldest moment to keep, by raw table; a table that is not there keeps everything."""
    if settings.clock == "wall":
        now: datetime | None = datetime.now(UTC)
    else:
        now = session.value("maintenance/log_now")
    if now is None or (retain_days is None and settings.clock == "log"):
        return {}
    limits = {}
    for dataset in Catalogue.load(settings.contracts_dir).datasets("bronze"):
        days = retain_days if retain_days is not None else _contract_days(dataset)
        if days is not None:
            limits[dataset.name] = now - timedelta(days=days)
    return limits


def _contract_days(dataset: Dataset) -> int | None:
    """Return the days that a contract promises to keep data, or None when it says nothing or "unlimited"."""
    for promise in dataset.contract.sla_properties:
        if promise.property == "retention" and promise.unit == "d" and isinstance(promise.value, int):
            return promise.value
    return None


def _retain(
    settings: Settings, session: Session, limits: dict[str, datetime], removed: dict[str, int], kept: dict[str, str]
) -> None:
    if not limits:
        return
    with connect(settings, "silver_db", "transform") as connection:
        rows = Session(connection, settings.sql_dir).execute("maintenance/silver_marks").fetchall()
    marks = {(table, log_id, partition): offset for table, log_id, partition, offset in rows}
    for table, partition in session.execute("maintenance/partitions").fetchall():
        identifier = sql.Identifier("bronze", partition)
        content = session.execute("maintenance/partition_content", partition=identifier).fetchall()
        ranges = [_Range(*row) for row in content]
        if table not in limits or not ranges or max(one.newest for one in ranges) >= limits[table]:
            continue
        unread = [one for one in ranges if marks.get((table, one.log_id, one.kafka_partition), 0) < one.to_offset]
        if unread:
            kept[partition] = f"silver has not read partition {unread[0].kafka_partition} to {unread[0].to_offset} yet"
            continue
        _remove(session, table, partition, ranges)
        removed[partition] = sum(one.rows for one in ranges)


def _remove(session: Session, table: str, partition: str, ranges: list[_Range]) -> None:
    """Detach and drop a partition; its ledger rows are in the same transaction, so no range is ever unaccounted for."""
    identifier = sql.Identifier("bronze", partition)
    with session.connection.transaction():
        session.execute("maintenance/detach", table=sql.Identifier("bronze", table), partition=identifier)
        for one in ranges:
            session.execute("maintenance/ledger_put", table_name=table, **one.__dict__)
        session.execute("maintenance/partition_detached", table_name=table, partition_name=partition)
        session.connection.execute(sql.SQL("DROP TABLE {}").format(identifier))
