"""A warehouse that was filled before late purchases were judged: its migrations go on, and the next load catches up.

What the older release left is put in its place by hand: late purchases without a score, their positions without names.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from streamflow.settings import Settings
from streamflow.warehouse.migrations import migrate
from streamflow.warehouse.transforms import bronze_to_silver, silver_to_gold
from tests.integration.test_warehouse.bronze_rows import Row, Stream, write
from tests.integration.test_warehouse.conftest import make_databases
from tests.integration.test_warehouse.snapshots import differences, query, snapshot
from tests.integration.test_warehouse.test_warehouse_late_purchases import burst
from tests.servers import superuser

LATE_DECISIONS = "late_decisions"
MEMORY = ("silver.clean_transactions", "ops.late_positions", "ops.marks", "ops.base_scores", "ops.load_clock")
"""What a load of the older release wrote of these purchases."""


def table_of(name: str) -> sql.Identifier:
    """Return a table's quoted name."""
    return sql.Identifier(*name.split("."))


def remembered(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """Return what silver remembers of a load, with late purchases as the older release left them."""
    found = {}
    with superuser(settings, "silver_db") as silver:
        for name in MEMORY:
            rows = silver.execute(sql.SQL("SELECT to_jsonb(t) FROM {} AS t").format(table_of(name)))
            found[name] = [row[0] for row in rows]
    for row in found["silver.clean_transactions"]:
        if row["is_late"]:
            row |= {"fraud_score": None, "is_alert": None}
    return found


def older_sql(settings: Settings, folder: Path) -> Settings:
    """Return settings whose SQL has only the migrations before late purchases were judged."""
    shutil.copytree(settings.sql_dir, folder / "sql")
    for layer in ("silver", "gold"):
        files = sorted((folder / "sql" / "migrations" / layer).glob("*.sql"))
        (first,) = [number for number, path in enumerate(files) if path.stem.endswith(LATE_DECISIONS)]
        for path in files[first:]:
            path.unlink()
    return settings.model_copy(update={"root": folder})


def put(settings: Settings, tables: dict[str, list[dict[str, Any]]]) -> None:
    """Put rows into the tables as they are now; fields that a table does not have yet are left out."""
    with superuser(settings, "silver_db") as silver:
        for name, rows in tables.items():
            silver.execute(sql.SQL("DELETE FROM {}").format(table_of(name)))
            silver.execute(
                sql.SQL("INSERT INTO {0} SELECT * FROM jsonb_populate_recordset(NULL::{0}, %s)").format(table_of(name)),
                [Jsonb(rows)],
            )


@pytest.fixture
def rows(empty: Settings) -> list[Row]:
    """Give six purchases in six minutes, the sixth late, and one of noon."""
    return [row for part in burst(Stream(empty, detect=False)) for row in part]


def test_late_rows_of_an_older_release_are_judged_by_the_first_load_after_the_migration(
    empty: Settings, rows: list[Row], tmp_path: Path
) -> None:
    """Both layers then say what they say where everything was loaded by this release; nothing is left to do."""
    migrate(empty)
    write(empty, rows)
    bronze_to_silver(empty, "new")
    silver_to_gold(empty, "new")
    wanted, memory = snapshot(empty), remembered(empty)
    assert len(wanted["silver.late_decisions"]) == 1

    make_databases(empty)
    older = {(one.database, one.version) for one in migrate(older_sql(empty, tmp_path))}
    write(empty, rows)
    put(empty, memory)
    late = "SELECT transaction_id, fraud_score, is_alert FROM silver.clean_transactions WHERE is_late"
    assert query(empty, "silver_db", late) == [("t5", None, None)]
    assert query(empty, "silver_db", "SELECT to_regclass('silver.late_decisions')") == [(None,)]
    assert query(empty, "silver_db", "SELECT count(*) FROM ops.late_positions") == [(1,)]

    newer = {(one.database, one.version) for one in migrate(empty)}
    assert min(version for database, version in newer if database == "silver_db") == 7
    assert {database for database, _ in newer} == {"silver_db", "gold_db"}
    assert not newer & older
    assert query(empty, "silver_db", "SELECT DISTINCT source_table FROM ops.marks") == [("raw_transactions",)]
    assert query(empty, "silver_db", "SELECT count(*) FROM silver.clean_transactions") == [(7,)]

    bronze_to_silver(empty, "upgraded")
    silver_to_gold(empty, "upgraded")
    assert differences(snapshot(empty), wanted) == {}
    assert bronze_to_silver(empty, "again").rows_out == 0
