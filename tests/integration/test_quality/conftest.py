"""A platform of these tests' own, without Flink and Airflow, and a world on it that holds in every point."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg import sql

from streamflow.generator.producer import produce
from streamflow.generator.runs import emissions_with_truth, plan_run
from streamflow.generator.simulation import Simulation
from streamflow.settings import Settings, load_settings
from streamflow.stack.platform import Platform
from streamflow.warehouse.migrations import migrate
from streamflow.warehouse.transforms import bronze_to_silver, silver_to_gold
from tests.integration.test_quality.plain_ingestion import PlainIngestion
from tests.integration.test_quality.tampering import Tamper
from tests.servers import superuser

HOME = Path(__file__).resolve().parents[3] / ".cache" / "test" / f"quality-{os.getpid()}"
PURCHASES = 900
CHECKS = (
    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c' "
    "ORDER BY conname"
)


@pytest.fixture(scope="package")
def servers() -> Iterator[Settings]:
    """Start one broker and one database for the tests of this folder."""
    platform = Platform(load_settings(home=HOME))
    try:
        yield platform.up(without={"flink", "airflow"})
    finally:
        platform.down(purge=True)
        shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="package")
def ingestion(servers: Settings) -> PlainIngestion:
    """Migrate the databases and make the topics; nothing has been sent yet."""
    assert migrate(servers)
    return PlainIngestion(servers)


@pytest.fixture(scope="package")
def truth() -> Path:
    """Say where the truth about the world's purchases is kept."""
    HOME.mkdir(parents=True, exist_ok=True)
    return HOME / "truth.jsonl"


@pytest.fixture(scope="package")
def world(servers: Settings, ingestion: PlainIngestion, truth: Path) -> Settings:
    """Send a small simulated run with many faults through the platform, up to gold."""
    ingestion.publish_rules()
    simulation = Simulation(
        plan_run(servers, purchases=PURCHASES, days=3, seed=11, fraud_rate=0.1, fault_rate=0.1, version="1.0.0")
    )
    produce(servers, emissions_with_truth(simulation, truth))
    counts = ingestion.run()
    assert counts["transactions.raw"] > PURCHASES
    assert counts["fraud-decisions"] > 10
    assert counts["transactions.late"] > 0
    bronze_to_silver(servers, "world")
    silver_to_gold(servers, "world")
    return servers


@pytest.fixture
def tamper(world: Settings) -> Tamper:
    """Give a context that changes rows of one table behind everybody's back, and puts them back afterwards."""

    @contextmanager
    def changed(database: str, table: str, statement: str) -> Iterator[int]:
        with superuser(world, database) as connection:
            # Replica mode, and no CHECK: nothing stops what a broken disk would not ask about either.
            connection.execute("SET session_replication_role = replica")
            name = sql.Identifier(*table.split("."))
            connection.execute(sql.SQL("CREATE TABLE public.kept AS SELECT * FROM {}").format(name))
            checks = connection.execute(CHECKS, [table]).fetchall()
            for check, _ in checks:
                connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(name, sql.Identifier(check)))
            try:
                yield connection.execute(statement.encode()).rowcount
            finally:
                restore = "INSERT INTO {} OVERRIDING SYSTEM VALUE SELECT * FROM public.kept"
                connection.execute(sql.SQL("DELETE FROM {}").format(name))
                connection.execute(sql.SQL(restore).format(name))
                connection.execute("DROP TABLE public.kept")
                for check, definition in checks:
                    add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} ").format(name, sql.Identifier(check))
                    connection.execute(add + sql.SQL(definition))

    return changed
