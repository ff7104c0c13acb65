"""One bound in one contract file, and the stream, Pandera, Great Expectations and the table refuse what it excludes.

A copy of the contracts gets a version 1.1.0 of `transactions.raw` and of `silver/clean_transactions`, each its 1.0.0
with one maximum moved. Nothing else is touched: no check is written anywhere but in the contract.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.build import unmigrated
from streamflow.contracts.constraints import held, migration, missing
from streamflow.contracts.corpus import CorpusRow, corpus, message
from streamflow.contracts.dataset import Dataset
from streamflow.contracts.engines import great_expectations, pandera, postgres
from streamflow.jobs.checking import CheckRecord
from streamflow.settings import Settings
from tests.integration.test_contract_engines.table_rows import Stored, bound, strict_connection
from tests.integration.test_contract_engines.table_suites import GxTables
from tests.unit.contracts.agreement import frame_of

OLD, NEW = "100000000", "5000000"
MINOR_OLD, MINOR_NEW = "10000000000", "500000000"
AMOUNT = 5_000_000.01
SCRATCH = "public.bounded"


@pytest.fixture(scope="module")
def moved(migrated: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the contracts and add the two versions; return the copy."""
    root = tmp_path_factory.mktemp("checkout") / "contracts"
    shutil.copytree(migrated.contracts_dir, root)
    for name, old, new in (
        ("events/transactions.raw", MINOR_OLD, MINOR_NEW),
        ("silver/clean_transactions", OLD, NEW),
    ):
        text = (root / name / "1.0.0.odcs.yaml").read_text(encoding="utf-8")
        assert text.count(f"maximum: {old}\n") == 1
        text = text.replace(f"maximum: {old}\n", f"maximum: {new}\n").replace("version: 1.0.0", "version: 1.1.0", 1)
        (root / name / "1.1.0.odcs.yaml").write_text(text, encoding="utf-8")
    return root


def test_the_stream_refuses_it(migrated: Settings, moved: Path) -> None:
    """The function that Flink calls: by version 1.0.0 the purchase is accepted, by 1.1.0 it is out of range."""
    said = {}
    for root in (migrated.contracts_dir, moved):
        catalogue = Catalogue.load(root)
        topic = catalogue.topic("transactions.raw")
        valid = next(row for row in corpus(topic, catalogue) if row.label == "example minimal")
        record = {**valid.record, "amount_minor": round(AMOUNT * 100), "schema_version": topic.version}
        key, body, time_ms = message(topic, CorpusRow("over the new bound", record))
        check = CheckRecord(str(root), "USD", build_validator(catalogue, "USD").build_id)
        check.open(None)
        said[topic.version] = check.eval("transactions.raw", key, body, time_ms, None)[0]
    assert said == {"1.0.0": None, "1.1.0": "out_of_range"}


def test_pandera_great_expectations_and_the_table_refuse_it(migrated: Settings, moved: Path, suites: GxTables) -> None:
    """The same row of silver, by both versions, through all three."""
    catalogue = Catalogue.load(moved)
    said: dict[str, dict[str, Any]] = {}
    for version in ("1.0.0", "1.1.0"):
        dataset = catalogue.dataset("silver", "clean_transactions", version)
        valid = next(row for row in corpus(dataset, catalogue) if row.label == "example full")
        row = CorpusRow("over the new bound", {**valid.record, "amount": AMOUNT})
        in_frame = pandera.faults(pandera.translate(dataset), frame_of(dataset, [row]))
        with strict_connection(migrated, "silver_db") as connection:
            suite = great_expectations.translate(dataset)
            in_suite = suites.faults(connection, replace(dataset, version=f"{version}-moved"), suite, [row])
            in_table = inserted(connection, dataset, row)
        said[version] = {
            "pandera": [one.check_id for one in in_frame.get(0, ())],
            "great_expectations": in_suite.get(0, ""),
            "table": in_table.check_id,
        }
    assert said["1.0.0"] == {"pandera": [], "great_expectations": "", "table": ""}
    assert said["1.1.0"] == {
        "pandera": ["silver.clean_transactions.amount.range"],
        "great_expectations": "out_of_range",
        "table": "silver.clean_transactions.amount.range",
    }


def inserted(connection: psycopg.Connection[Any], dataset: Dataset, row: CorpusRow) -> Stored:
    """Insert a row into a table made of the contract alone."""
    table = postgres.translate(dataset)
    names = [column.name for column in dataset.columns]
    values = [bound(column, row.record.get(column.name)) for column in dataset.columns]
    with connection.transaction(force_rollback=True):
        connection.execute(postgres.create_table(table, SCRATCH).encode())
        insert = sql.SQL("INSERT INTO public.bounded ({}) VALUES ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, names)), sql.SQL(", ").join([sql.Placeholder()] * len(names))
        )
        try:
            connection.execute(insert, values)
        except psycopg.errors.CheckViolation as error:
            named = next(one for one in table.checks if one.name == error.diag.constraint_name)
            return Stored("out_of_range", named.check_id)
    return Stored("")


def test_the_missing_migration_is_named_and_makes_the_table_refuse_it(migrated: Settings, moved: Path) -> None:
    """The statement that a build prints is all that the released table needs."""
    root = moved.parent
    shutil.copytree(migrated.sql_dir / "migrations", root / "sql" / "migrations", dirs_exist_ok=True)
    catalogue = Catalogue.load(moved)
    sentences = unmigrated(catalogue, root)
    assert len(sentences) == 1
    assert sentences[0].startswith(
        "The contract silver/clean_transactions/1.1.0 wants 2 changes of CHECKs that no migration makes; "
        "write them into a new file in sql/migrations/silver"
    )
    (alteration,) = missing(catalogue, root / "sql" / "migrations")
    assert alteration.parts == (
        "DROP CONSTRAINT clean_transactions_amount_range",
        f"ADD CONSTRAINT clean_transactions_amount_range CHECK (amount BETWEEN 0.01 AND {NEW})",
    )
    dataset = catalogue.latest("silver", "clean_transactions")
    valid = next(row for row in corpus(dataset, catalogue) if row.label == "example full")
    names = [column.name for column in dataset.columns]
    with strict_connection(migrated, "silver_db") as connection, connection.transaction(force_rollback=True):
        connection.execute(alteration.statement().encode())
        insert = sql.SQL("INSERT INTO silver.clean_transactions ({}) VALUES ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, names)), sql.SQL(", ").join([sql.Placeholder()] * len(names))
        )
        record = {**valid.record, "amount": AMOUNT}
        with pytest.raises(psycopg.errors.CheckViolation, match="clean_transactions_amount_range"):
            connection.execute(insert, [bound(column, record.get(column.name)) for column in dataset.columns])


def test_a_migration_of_that_statement_is_read_back_as_held(migrated: Settings, moved: Path, tmp_path: Path) -> None:
    """So the next build has nothing to say."""
    migrations = tmp_path / "migrations"
    shutil.copytree(migrated.sql_dir / "migrations", migrations)
    lacking = missing(Catalogue.load(moved), migrations)
    text = migration("a lower maximum of an amount.", "as the table is.", lacking)
    (migrations / "silver" / "0099_lower_maximum.sql").write_text(text, encoding="utf-8")
    assert missing(Catalogue.load(moved), migrations) == ()
    amount = held(migrations / "silver")["silver.clean_transactions"]["clean_transactions_amount_range"]
    assert amount == f"amount BETWEEN 0.01 AND {NEW}"
