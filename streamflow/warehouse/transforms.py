"""The two transforms: bronze to silver, silver to gold.

Both go by marks, not by intervals of time: a run handles whatever is new, in as many transactions as it takes, and a
second run does nothing. Rows, marks and audit of a pass are one transaction in the target database.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from streamflow.contracts.catalogue import Catalogue
from streamflow.errors import InputError, StreamFlowError
from streamflow.log import get_logger
from streamflow.settings import Database, Settings
from streamflow.warehouse import marks
from streamflow.warehouse.connections import Session, connect, exclusive
from streamflow.warehouse.gold import TRANSFORM as SILVER_TO_GOLD
from streamflow.warehouse.gold import GoldPass
from streamflow.warehouse.report import Pass, Slice, TableLoad, TransformReport, write_audit, write_failure
from streamflow.warehouse.silver import TRANSFORM as BRONZE_TO_SILVER
from streamflow.warehouse.silver import SilverPass

WORK_MEMORY = "128MB"
"""For sorts of one pass; the default of 4 MB writes them to disk."""

SAMPLE = "10"
"""Statistics target for the batches: their sizes and keys matter to the planner, not their finest distribution."""

Step = Callable[[Session, Pass], bool]


def bronze_to_silver(settings: Settings, run_id: str) -> TransformReport:
    """Bring silver up to the end of what bronze holds without a gap.

    Args:
        settings: Where the databases are.
        run_id: Name of this run in the audit.

    Returns:
        Rows in, out and rejected by table, and the offsets handled.

    Raises:
        IntegrityViolation: A decision's revision came twice with different content; nothing was loaded.
        EnvironmentNotReady: PostgreSQL does not answer, or another load does not end.
    """
    reached = marks.committed(settings)
    with connect(settings, "bronze_db", "transform") as connection:
        source = Session(connection, settings.sql_dir)

        def step(target: Session, done: Pass) -> bool:
            return SilverPass(target, source, done, reached).run()

        return _run(settings, run_id, "silver_db", BRONZE_TO_SILVER, step)


def silver_to_gold(settings: Settings, run_id: str) -> TransformReport:
    """Bring gold up to silver's newest load.

    Args:
        settings: Where the databases are.
        run_id: Name of this run in the audit.

    Returns:
        Rows in, out and rejected by table; the mark is a time of silver's loads, microseconds since 1970.

    Raises:
        EnvironmentNotReady: PostgreSQL does not answer, or another load does not end.
    """
    catalogue = Catalogue.load(settings.contracts_dir)
    with connect(settings, "silver_db", "transform") as connection:
        source = Session(connection, settings.sql_dir)

        def step(target: Session, done: Pass) -> bool:
            return GoldPass(target, source, catalogue, done).run()

        return _run(settings, run_id, "gold_db", SILVER_TO_GOLD, step)


def forget(settings: Settings) -> None:
    """Empty silver and gold and their marks, so that the next runs build them anew from all of bronze.

    The stream's own aggregates stay.

    Raises:
        InputError: Retention has removed a part of bronze, so what would be emptied could not be built again.
    """
    with connect(settings, "bronze_db", "transform") as connection:
        if Session(connection, settings.sql_dir).value("maintenance/ledger_count"):
            raise InputError(
                "Retention has removed a part of bronze, so silver and gold cannot be built again from it; "
                "restore the partitions that ops.retention_ledger names first."
            )
    layers: tuple[tuple[Database, str], ...] = (("gold_db", "gold/forget"), ("silver_db", "silver/forget"))
    for database, name in layers:
        with (
            connect(settings, database, "transform") as connection,
            exclusive(connection, "rebuilding"),
            connection.transaction(),
        ):
            Session(connection, settings.sql_dir).execute(name)


def _run(settings: Settings, run_id: str, database: Database, transform: str, step: Step) -> TransformReport:
    log = get_logger(run=run_id, transform=transform)
    versions = contract_versions(settings)
    started = time.monotonic()
    loads: dict[str, TableLoad] = {}
    slices: list[Slice] = []
    with connect(settings, database, "transform") as connection, exclusive(connection, transform):
        target = Session(connection, settings.sql_dir)
        more = True
        while more:
            done = Pass(transform, run_id, datetime.now(UTC))
            try:
                with connection.transaction():
                    connection.execute("SELECT set_config('work_mem', %s, true)", [WORK_MEMORY])
                    connection.execute("SELECT set_config('default_statistics_target', %s, true)", [SAMPLE])
                    more = step(target, done)
                    write_audit(target, done, versions)
            except StreamFlowError as error:
                write_failure(target, done, database, str(error))
                raise
            slices += done.slices
            for load in done.loads:
                loads[load.table] = loads[load.table] + load if load.table in loads else load
    report = TransformReport(transform, run_id, tuple(loads.values()), tuple(slices), time.monotonic() - started)
    log.info(report.summary())
    return report


def contract_versions(settings: Settings) -> dict[str, str]:
    """Return `layer/dataset/version` by table, of the contracts that the layers follow now."""
    catalogue = Catalogue.load(settings.contracts_dir)
    return {
        dataset.table: f"{layer}/{dataset.name}/{dataset.version}"
        for layer in ("silver", "gold")
        for dataset in catalogue.newest(layer)
    }
