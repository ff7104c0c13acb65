"""Killing task managers, PostgreSQL and the job manager in the middle of a run changes no row and no decision.

The same log is taken in twice on a platform of this test's own: once with three kills, once undisturbed, from the
beginning, into emptied tables. One log, so that even offsets must agree; silver and the star are filled after each::

    records   0 ---- TM ---- 1/3 ---- PG ---- 2/3 ---- JM ---- end | drained | emptied | read again, undisturbed

PostgreSQL dies once more in the middle of the first run's load of silver.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg import sql

from streamflow.broker import read_logs
from streamflow.cli.jobs import client, register_recovery
from streamflow.contracts import Catalogue
from streamflow.contracts.names import FRAUD_ALERTS, FRAUD_DECISIONS, TRANSACTIONS_LATE, bronze_table_for
from streamflow.contracts.rule_sets import load_rule_set
from streamflow.errors import EnvironmentNotReady
from streamflow.generator.pacing import Pace
from streamflow.generator.producer import ensure_topics, produce
from streamflow.generator.runs import plan_run
from streamflow.generator.simulation import Simulation
from streamflow.jobs.plan import JOBS
from streamflow.jobs.progress import end_offsets, wait_drained
from streamflow.jobs.submission import cancel, lost, submit
from streamflow.replay.rule_topic import publish_records
from streamflow.settings import Settings, load_settings
from streamflow.stack.platform import Platform
from streamflow.warehouse import marks
from streamflow.warehouse.connections import Session, connect
from streamflow.warehouse.migrations import migrate
from streamflow.warehouse.report import Slice
from streamflow.warehouse.silver import TRANSFORM
from streamflow.warehouse.tables import counts
from streamflow.warehouse.transforms import bronze_to_silver, forget, silver_to_gold

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".cache" / "test" / f"recovery-{os.getpid()}"
PURCHASES = 6000
RATE = 150.0
DEADLINE_S = 420.0
WRITTEN = {"id", "ingested_at", "updated_at", "cleaned_at", "enriched_at", "loaded_at", "decided_at"}
WRITTEN |= {"processing_timestamp", "transaction_key", "customer_key", "product_key", "store_key"}
"""Columns that say when, or as which row of its table, something was written, not what it holds."""
BRONZE_INPUTS = ("raw_transactions", "raw_events", "raw_reference", "raw_fraud_rules", "dead_letters")
BRONZE_DERIVED = ("raw_fraud_decisions", "raw_fraud_alerts", "raw_late")
AGGREGATES = ("agg_realtime_1m", "agg_realtime_5m", "agg_realtime_1h")
SILVER = ("clean_transactions", "enriched_events", "customers", "stores", "products")
SILVER_DERIVED = ("fraud_decisions", "fraud_alerts")
DIMENSIONS = {"dim_customer": "customer_key", "dim_product": "product_key", "dim_store": "store_key"}
STAR = ("fact_transactions", "agg_hourly_sales", "agg_daily_fraud", "dim_date", *DIMENSIONS)

Rows = set[tuple[Any, ...]]


@dataclass
class Twice:
    """What the tables held after the run with kills, and after the undisturbed one over the same log."""

    killed: dict[str, Rows] = field(default_factory=dict)
    clean: dict[str, Rows] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)
    sent: int = 0


def wait_until(fact: Callable[[], bool], what: str) -> None:
    """Poll a fact until it holds.

    Raises:
        AssertionError: It did not within the deadline.
    """
    deadline = time.monotonic() + DEADLINE_S
    while not fact():
        assert time.monotonic() < deadline, f"{what}: not within {DEADLINE_S:g} s"
        time.sleep(0.2)


def rows(settings: Settings, database: Any, table: str, leave_out: Set[str] = frozenset()) -> Rows:
    """Return the rows of a table without the columns that say when they were written.

    A surrogate key becomes the dimension's row that it points to.
    """
    with psycopg.connect(settings.postgres.dsn(database, "reader")) as connection:
        identifier = sql.Identifier(*table.split("."))
        cursor = connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(identifier))
        names = {column.name for column in cursor.description or ()}
        joins = [
            sql.SQL(" JOIN {} USING ({})").format(sql.Identifier("gold", dimension), sql.Identifier(key))
            for dimension, key in DIMENSIONS.items()
            if key in names and not table.endswith(dimension)
        ]
        cursor = connection.execute(sql.SQL("SELECT * FROM {}").format(identifier) + sql.Composed(joins))
        columns = [column.name for column in cursor.description or ()]
        kept = [place for place, name in enumerate(columns) if name not in WRITTEN | leave_out]
        found = [tuple(repr(row[place]) for place in kept) for row in cursor]
        assert len(set(found)) == len(found), f"{table} has equal rows"
        return set(found)


def final_records(settings: Settings, table: str, before: dict[tuple[str, int], int], *, after: bool) -> Rows:
    """Return the highest revision of each decision, alert or late record, as its canonical bytes.

    Args:
        settings: Where bronze is.
        table: One of `BRONZE_DERIVED`.
        before: End offsets of the topics between the two runs.
        after: Take what the second run wrote instead of what the first did.
    """
    query = sql.SQL("SELECT kafka_topic, kafka_partition, kafka_offset, raw_bytes FROM bronze.{}")
    with psycopg.connect(settings.postgres.dsn("bronze_db", "reader")) as connection:
        found = connection.execute(query.format(sql.Identifier(table))).fetchall()
    newest: dict[tuple[Any, ...], tuple[int, bytes]] = {}
    for topic, partition, offset, body in found:
        if (offset >= before[topic, partition]) is not after:
            continue
        record = msgspec.json.decode(body)
        key = (record["customer_id"], record["transaction_id"], record.get("rule_set"))
        revision = record.get("revision", 0)
        held = newest.get(key)
        assert held is None or held[0] != revision or held[1] == body, f"two records of revision {revision}: {key}"
        if held is None or held[0] < revision:
            newest[key] = (revision, body)
    return {(*key, body) for key, (_, body) in newest.items()}


def kill(platform: Platform, prefix: str) -> None:
    """Send SIGKILL to every process of the platform whose name begins so."""
    found = [process for process in platform.status() if process.name.startswith(prefix) and process.pid]
    found = [process for process in found if process.kind == "server"]
    assert found, f"there is no {prefix} to kill"
    for process in found:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)


def produce_and_kill(settings: Settings, platform: Platform) -> int:
    """Send a generated run; at each third of it something dies."""
    simulation = Simulation(plan_run(settings, purchases=PURCHASES, days=2, seed=11))
    emissions = list(simulation.emissions())
    due = {len(emissions) // 6: "taskmanager", len(emissions) // 2: "postgres", 5 * len(emissions) // 6: "jobmanager"}
    sent = 0

    def count(_: object) -> None:
        nonlocal sent
        sent += 1
        if sent in due:
            kill(platform, due[sent])

    produce(settings, emissions, pace=Pace(rate=RATE), on_emission=count)
    return sent


def empty_tables(settings: Settings) -> None:
    """Empty what the jobs write; the log stays."""
    for database, schema, tables in (
        ("bronze_db", "bronze", (*BRONZE_INPUTS, *BRONZE_DERIVED)),
        ("gold_db", "gold", AGGREGATES),
    ):
        with psycopg.connect(settings.postgres.dsn(database, "owner")) as connection:  # type: ignore[arg-type]
            for table in tables:
                connection.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(schema, table)))


def forget_first_decisions(settings: Settings, between: dict[tuple[str, int], int]) -> None:
    """Make bronze hold what the second run decided alone, and let silver begin behind the first."""
    log_ids = {log.topic: log.log_id for log in read_logs(settings, {topic for topic, _ in between}).values()}
    with (
        psycopg.connect(settings.postgres.dsn("bronze_db", "owner")) as bronze,
        connect(settings, "silver_db", "transform") as silver,
    ):
        for (topic, partition), offset in between.items():
            table = bronze_table_for(topic).rpartition(".")[2]
            query = sql.SQL("DELETE FROM {} WHERE kafka_partition = %s AND kafka_offset < %s")
            bronze.execute(query.format(sql.Identifier("bronze", table)), [partition, offset])
            before = Slice(table, log_ids[topic], partition, 0, offset, 0)
            marks.store(Session(silver, settings.sql_dir), TRANSFORM, "proof", [before])


def load_and_kill(settings: Settings, platform: Platform) -> None:
    """Load silver, with PostgreSQL dying when all rows are written and only the marks and the commit are missing."""

    def die_first(*_: object) -> None:
        kill(platform, "postgres")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marks, "store", die_first)
        with pytest.raises(EnvironmentNotReady, match="PostgreSQL"):
            bronze_to_silver(settings, "proof")

    def back() -> bool:
        try:
            return platform.healthy() and "silver.clean_transactions" in counts(settings)
        except EnvironmentNotReady:
            return False  # Dead, and the supervisor has not seen it yet.

    wait_until(back, "PostgreSQL is back")
    assert not counts(settings)["silver.clean_transactions"], "a load that never committed left rows"


def load(settings: Settings) -> None:
    """Fill silver and gold."""
    assert bronze_to_silver(settings, "proof").marks
    assert silver_to_gold(settings, "proof").tables


def held_now(settings: Settings, between: dict[tuple[str, int], int], *, after: bool) -> dict[str, Rows]:
    """Return everything that must be equal in both runs."""
    places = {"kafka_offset", "kafka_partition"}
    found = {table: rows(settings, "bronze_db", f"bronze.{table}") for table in BRONZE_INPUTS}
    found |= {table: rows(settings, "gold_db", f"gold.{table}") for table in (*AGGREGATES, *STAR)}
    found |= {table: rows(settings, "silver_db", f"silver.{table}") for table in SILVER}
    found |= {table: rows(settings, "silver_db", f"silver.{table}", places) for table in SILVER_DERIVED}
    return found | {table: final_records(settings, table, between, after=after) for table in BRONZE_DERIVED}


@pytest.fixture(scope="module")
def twice() -> Iterator[Twice]:
    """Run the log through the jobs twice; the platform stops afterwards."""
    platform = Platform(load_settings(home=HOME))
    outcome = Twice()
    try:
        settings = platform.up(without={"airflow"})
        migrate(settings)
        ensure_topics(settings, Catalogue.load(settings.contracts_dir))
        publish_records(settings.kafka.require(), [first_rule_set()])
        submit(settings, client(settings))
        register_recovery(settings)
        outcome.sent = produce_and_kill(settings, platform)
        wait_until(lambda: platform.healthy() and not lost(settings), "the platform and its jobs are whole again")
        wait_drained(settings, DEADLINE_S)
        outcome.restarts = {process.name: process.restarts for process in platform.status()}
        between = end_offsets(settings, [FRAUD_DECISIONS, FRAUD_ALERTS, TRANSACTIONS_LATE])
        load_and_kill(settings, platform)
        load(settings)
        outcome.killed = held_now(settings, between, after=False)
        cancel(settings, JOBS)
        forget(settings)
        empty_tables(settings)
        submit(settings, client(settings), fresh=True)
        wait_drained(settings, DEADLINE_S)
        forget_first_decisions(settings, between)
        load(settings)
        outcome.clean = held_now(settings, between, after=True)
        yield outcome
    finally:
        platform.down(purge=True)
        shutil.rmtree(HOME, ignore_errors=True)


def first_rule_set() -> dict[str, Any]:
    """Return the record that puts rule set 1.0.0 in force from the beginning of time."""
    return {
        "schema_version": "1.0.0",
        "kind": "rule_set",
        "version": "1.0.0",
        "effective_from": "1970-01-01T00:00:00.000Z",
        "role": "live",
        "rule_set": load_rule_set("1.0.0").payload(),
    }


@pytest.mark.timeout(1200)
def test_each_kill_hit_something_that_was_started_again(twice: Twice) -> None:
    """Otherwise the rest of this file proves nothing."""
    assert {name: count > 0 for name, count in twice.restarts.items() if name.startswith("taskmanager")} == {
        f"taskmanager-{number}": True for number in (1, 2, 3)
    }
    assert twice.restarts["postgres"] > 0
    assert twice.restarts["jobmanager"] > 0


def test_both_runs_hold_the_whole_log(twice: Twice) -> None:
    """Every record that was sent lies in bronze or in the dead letters, and there are decisions at all."""
    inputs = [name for name in BRONZE_INPUTS if name != "raw_fraud_rules"]
    assert sum(len(twice.killed[name]) for name in inputs) == twice.sent > PURCHASES
    assert len(twice.killed["raw_transactions"]) > PURCHASES
    assert min(len(twice.killed[name]) for name in ("dead_letters", "raw_fraud_decisions", "raw_late")) > 0


@pytest.mark.parametrize("table", BRONZE_INPUTS)
def test_a_killed_process_changes_no_row_of_bronze(twice: Twice, table: str) -> None:
    """Same log, same places, same bytes."""
    assert twice.killed[table] ^ twice.clean[table] == set()


@pytest.mark.parametrize("table", BRONZE_DERIVED)
def test_a_killed_process_changes_no_decision(twice: Twice, table: str) -> None:
    """The highest revision of each is the same byte for byte, though some were sent twice."""
    assert twice.killed[table] ^ twice.clean[table] == set()


@pytest.mark.parametrize("table", AGGREGATES)
def test_a_killed_process_changes_no_aggregate(twice: Twice, table: str) -> None:
    """Counts, sums and maxima of every window."""
    assert len(twice.killed[table]) > 10
    assert twice.killed[table] ^ twice.clean[table] == set()


@pytest.mark.parametrize("table", [*SILVER, *SILVER_DERIVED, *STAR])
def test_a_killed_process_changes_no_row_of_silver_or_gold(twice: Twice, table: str) -> None:
    """Though PostgreSQL died in the middle of a load as well."""
    assert twice.killed[table]
    assert twice.killed[table] ^ twice.clean[table] == set()


def test_the_star_holds_every_purchase_once(twice: Twice) -> None:
    """Otherwise equality would prove little."""
    assert len(twice.killed["fact_transactions"]) == len(twice.killed["clean_transactions"]) > PURCHASES * 0.9
