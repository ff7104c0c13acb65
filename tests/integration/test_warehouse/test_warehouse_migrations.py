"""Migrations on a real PostgreSQL: once each, least privilege, the columns that the contracts say."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from streamflow.contracts import Catalogue
from streamflow.contracts.engines import postgres
from streamflow.errors import EnvironmentNotReady, InputError
from streamflow.settings import Role, Settings
from streamflow.warehouse import counts
from streamflow.warehouse.connections import connect
from streamflow.warehouse.migrations import LAYERS, migrate
from tests.servers import superuser

COLUMNS = (
    "SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull FROM pg_attribute AS a "
    "WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
)

SPELLINGS = {"timestamptz": "timestamp with time zone"}
"""Contracts use the short name, the catalogue the long one."""


def test_a_second_migrate_applies_nothing(empty: Settings) -> None:
    """Each file once, in each database."""
    first = Counter(one.database for one in migrate(empty))
    assert set(first) == set(LAYERS)
    assert migrate(empty) == []


def test_every_table_has_exactly_the_columns_types_and_key_of_its_contract(warehouse: Settings) -> None:
    """No column is written twice by hand without being held against the contract."""
    catalogue = Catalogue.load(warehouse.contracts_dir)
    seen = 0
    for database, layer in LAYERS.items():
        with connect(warehouse, database, "reader") as connection:
            for dataset in catalogue.newest(layer):
                expected = postgres.translate(dataset)
                found = connection.execute(COLUMNS, [dataset.table]).fetchall()
                wanted = [
                    (column.name, SPELLINGS.get(column.type, column.type), column.nullable)
                    for column in expected.columns
                ]
                assert found == wanted, dataset.table
                assert _primary_key(connection, dataset.table) == dataset.primary_key, dataset.table
                seen += 1
    assert seen == sum(len(list(catalogue.newest(layer))) for layer in LAYERS.values()) >= 27


def _primary_key(connection: psycopg.Connection[tuple[object, ...]], table: str) -> tuple[object, ...]:
    rows = connection.execute(
        "SELECT a.attname FROM pg_index AS i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k(number, place) "
        "JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number "
        "WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY k.place",
        [table],
    ).fetchall()
    return tuple(row[0] for row in rows)


def test_no_table_exists_without_a_contract(warehouse: Settings) -> None:
    """The layers' schemas hold what the contracts name, and nothing else."""
    catalogue = Catalogue.load(warehouse.contracts_dir)
    named = {dataset.table for layer in LAYERS.values() for dataset in catalogue.datasets(layer)}
    assert set(counts(warehouse)) == named


def test_a_changed_migration_is_refused_with_one_sentence(empty: Settings, tmp_path: Path) -> None:
    """The database remembers the checksum."""
    shutil.copytree(empty.sql_dir, tmp_path / "sql")
    copy = empty.model_copy(update={"root": tmp_path})
    migrate(copy)
    path = tmp_path / "sql" / "migrations" / "silver" / "0003_silver_tables.sql"
    path.write_text(path.read_text(encoding="utf-8") + "-- more\n", encoding="utf-8")
    # Texts are read once a process; another process would see the change without this.
    from streamflow.warehouse import statements

    statements.read.cache_clear()
    with pytest.raises(InputError, match=r"0003_silver_tables\.sql has changed"):
        migrate(copy)


def test_a_failing_migration_leaves_nothing_behind(empty: Settings, tmp_path: Path) -> None:
    """One transaction a file: what came before it in the file is rolled back."""
    shutil.copytree(empty.sql_dir, tmp_path / "sql")
    copy = empty.model_copy(update={"root": tmp_path})
    folder = tmp_path / "sql" / "migrations" / "bronze"
    number = len(list(folder.glob("*.sql"))) + 1
    (folder / f"{number:04d}_bad.sql").write_text("-- Purpose: fail\nCREATE TABLE bronze.half ();\nSELECT 1 / 0;\n")
    with pytest.raises(EnvironmentNotReady, match=r"_bad\.sql failed in bronze_db and was rolled back: division by"):
        migrate(copy)
    with connect(empty, "bronze_db", "owner") as connection:
        assert connection.execute("SELECT to_regclass('bronze.half')").fetchone() == (None,)
        assert connection.execute("SELECT max(version) FROM ops.schema_migrations").fetchone() == (number - 1,)


def test_the_first_row_of_an_offset_stays_whatever_the_sink_repeats(warehouse: Settings) -> None:
    """The sink's upsert is allowed, and changes nothing."""
    with connect(warehouse, "bronze_db", "ingest") as connection:
        for reason in ("not_json", "too_deep"):
            connection.execute(
                "INSERT INTO bronze.dead_letters (log_id, source_topic, source_partition, source_offset, "
                "source_timestamp, reason, detail) VALUES ('log', 't', 0, 0, now(), %s, 'why') "
                "ON CONFLICT (log_id, source_partition, source_offset) DO UPDATE SET reason = excluded.reason",
                [reason],
            )
            connection.execute(
                "INSERT INTO bronze.raw_late (log_id, kafka_topic, kafka_partition, kafka_offset, kafka_timestamp, "
                "event_timestamp, raw_payload, raw_bytes, processing_status) "
                "VALUES ('log', 'transactions.late', 0, 0, now(), now(), jsonb_build_object('a', %s::text), '', "
                "'accepted') "
                "ON CONFLICT (log_id, kafka_partition, kafka_offset) DO UPDATE SET raw_payload = excluded.raw_payload",
                [reason],
            )
        assert connection.execute("SELECT reason FROM bronze.dead_letters").fetchall() == [("not_json",)]
        assert connection.execute("SELECT raw_payload FROM bronze.raw_late").fetchall() == [({"a": "not_json"},)]


def test_an_offset_beyond_every_partition_goes_to_the_default_and_room_is_made_above_it(fresh: Settings) -> None:
    """A missing partition is never an error, and making one later does not fail on rows already there."""
    with connect(fresh, "bronze_db", "ingest") as connection:
        connection.execute(
            "INSERT INTO bronze.raw_late (log_id, kafka_topic, kafka_partition, kafka_offset, kafka_timestamp, "
            "event_timestamp, raw_payload, raw_bytes, processing_status) "
            "VALUES ('log', 'transactions.late', 0, 25000000, now(), now(), '{}', '', 'accepted')"
        )
    with connect(fresh, "bronze_db", "owner") as connection:
        assert connection.execute("SELECT count(*) FROM bronze.raw_late_default").fetchone() == (1,)
        connection.execute("SELECT ops.extend_partitions()")
        made = connection.execute(
            "SELECT from_offset FROM ops.offset_partitions WHERE table_name = 'raw_late' ORDER BY 1"
        ).fetchall()
    assert made == [(0,), (30_000_000,)]


@pytest.mark.parametrize(
    ("database", "role", "statement"),
    [
        ("bronze_db", "ingest", "DELETE FROM bronze.raw_transactions"),
        ("bronze_db", "ingest", "INSERT INTO ops.retention_ledger VALUES ('t', 'l', 0, 0, 1, 1, now())"),
        ("bronze_db", "transform", "DELETE FROM bronze.raw_events"),
        ("silver_db", "reader", "DELETE FROM silver.customers"),
        ("silver_db", "transform", "DELETE FROM ops.load_audit"),
        ("gold_db", "ingest", "SELECT count(*) FROM gold.fact_transactions"),
        ("gold_db", "transform", "DELETE FROM gold.agg_realtime_1m"),
        ("gold_db", "reader", "UPDATE gold.dim_date SET year = 1"),
    ],
)
def test_a_role_may_do_no_more_than_its_work(warehouse: Settings, database: str, role: Role, statement: str) -> None:
    """Least privilege, asked of the database itself."""
    name = next(one for one in LAYERS if one == database)
    with connect(warehouse, name, role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_no_password_stands_in_a_catalogue_that_a_role_can_read_or_in_the_statistics(empty: Settings) -> None:
    """User mappings are hidden from the other roles; statement texts never held a password."""
    secrets = [empty.postgres.password(role) for role in ("owner", "transform", "reader")]
    with superuser(empty, "silver_db") as connection:
        connection.execute("SELECT pg_stat_statements_reset()")
    migrate(empty)
    with connect(empty, "silver_db", "owner") as connection:
        texts = [str(row[0]) for row in connection.execute("SELECT query FROM pg_stat_statements").fetchall()]
    assert len(texts) > 20
    assert not [text for text in texts if any(secret in text for secret in secrets)]
    with connect(empty, "silver_db", "reader") as connection:
        options = connection.execute("SELECT usename, umoptions FROM pg_user_mappings").fetchall()
    seen = {str(name): str(values) for name, values in options}
    assert len(seen) == 3
    assert not [name for name, values in seen.items() if secrets[0] in values or secrets[1] in values]
