"""A freshly migrated database has exactly the columns, keys and CHECKs that the contracts want."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest

from streamflow.contracts import Catalogue
from streamflow.contracts.constraints import FOLDER, missing
from streamflow.contracts.dataset import Dataset
from streamflow.contracts.engines import postgres
from streamflow.settings import Settings
from tests.integration.test_contract_engines.table_rows import DATABASES
from tests.servers import superuser

SCRATCH = "public.wanted"
HISTORY = "CHECK ((valid_to > valid_from))"
BEYOND: dict[str, dict[str, str]] = {
    # A version of a member ends after it begins: two columns of one row, which no check of a contract compares yet.
    **{f"silver.{name}": {HISTORY: "check"} for name in ("customers", "stores", "products")},
    # The upsert of a dimension needs the member's key; its contract names the surrogate alone.
    **{f"gold.dim_{name}": {f"UNIQUE ({name}_id, valid_from)": "key"} for name in ("customer", "store", "product")},
}
"""What a table may have beyond its contract, and must have."""

Found = dict[str, Any]


def described(connection: psycopg.Connection[Any], table: str) -> dict[str, Found]:
    """Return columns, keys and CHECKs of a table, in the words of the server's own catalogue."""
    columns = connection.execute(
        "SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute "
        "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
        [table],
    ).fetchall()
    constraints = connection.execute(
        "SELECT conname, contype, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = %s::regclass AND contype IN ('c', 'p', 'u')",
        [table],
    ).fetchall()
    return {
        "column": {name: (kind, needed) for name, kind, needed in columns},
        "check": {definition: name for name, kind, definition in constraints if kind == "c"},
        "key": {definition: name for name, kind, definition in constraints if kind in "pu"},
    }


def differences(connection: psycopg.Connection[Any], dataset: Dataset) -> list[str]:
    """Return one sentence for each thing that a table lacks, has too much, or has otherwise than its contract."""
    wanted_table = postgres.translate(dataset)
    connection.execute(f"DROP TABLE IF EXISTS {SCRATCH}")
    connection.execute(postgres.create_table(wanted_table, SCRATCH).encode())
    wanted, found = described(connection, SCRATCH), described(connection, dataset.table)
    connection.execute(f"DROP TABLE {SCRATCH}")
    for definition, kind in BEYOND.get(dataset.table, {}).items():
        wanted[kind].setdefault(definition, definition)
    ids = {check.name: check.check_id for check in wanted_table.checks}
    place = f"{FOLDER}/{dataset.layer}"
    sentences = []
    for kind in ("column", "key", "check"):
        for what in wanted[kind].keys() - found[kind].keys():
            name = ids.get(str(wanted[kind][what]), what)
            sentences.append(f"{dataset.id} wants the {kind} {name}: {what}; no migration in {place} makes it.")
        extra = found[kind].keys() - wanted[kind].keys()
        sentences += [f"{dataset.id} has no {kind} {what}, but a migration in {place} makes it." for what in extra]
        for what in wanted[kind].keys() & found[kind].keys():
            if kind == "column" and wanted[kind][what] != found[kind][what]:
                sentences.append(
                    f"{dataset.id} wants {what} as {wanted[kind][what]}, but {place} makes it {found[kind][what]}."
                )
            elif kind == "check" and ids and str(wanted[kind][what]) in ids and wanted[kind][what] != found[kind][what]:
                sentences.append(f"{dataset.id}: the CHECK {found[kind][what]} in {place} is not named for its check.")
    return sorted(sentences)


@pytest.mark.parametrize("layer", DATABASES)
def test_every_table_has_exactly_what_its_contract_wants(migrated: Settings, layer: str) -> None:
    """Columns, types, presence, keys and CHECKs, as the server itself writes them."""
    catalogue = Catalogue.load(migrated.contracts_dir)
    names = dict.fromkeys(dataset.name for dataset in catalogue.datasets(layer))
    checks = 0
    with superuser(migrated, DATABASES[layer]) as connection:
        for dataset in (catalogue.latest(layer, name) for name in names):
            assert differences(connection, dataset) == []
            checks += len(described(connection, dataset.table)["check"])
    assert (len(names), checks >= 85) == ({"bronze": 8, "silver": 9, "gold": 11}[layer], True)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            "DROP CONSTRAINT clean_transactions_amount_range",
            r"wants the check silver\.clean_transactions\.amount\.range: CHECK .*; no migration in sql/migrations/s",
        ),
        ("ADD CONSTRAINT stray CHECK (quantity <> 13)", r"has no check CHECK \(\(quantity <> 13\)\), but a migration"),
        ("ALTER COLUMN currency DROP NOT NULL", r"wants currency as \('text', True\), but .* \('text', False\)"),
        ("ADD COLUMN note text", r"has no column note, but a migration in sql/migrations/silver"),
        ("DROP CONSTRAINT clean_transactions_pkey", r"wants the key PRIMARY KEY \(customer_id, transaction_id\)"),
        (
            "RENAME CONSTRAINT clean_transactions_amount_range TO amount_ok",
            r"the CHECK amount_ok in sql/migrations/silver is not named for its check",
        ),
    ],
)
def test_whatever_differs_is_named_with_contract_check_and_folder(
    migrated: Settings, change: str, sentence: str
) -> None:
    """Each difference by hand is one sentence."""
    dataset = Catalogue.load(migrated.contracts_dir).dataset("silver", "clean_transactions")
    with superuser(migrated, "silver_db") as connection, connection.transaction(force_rollback=True):
        connection.execute(f"ALTER TABLE silver.clean_transactions {change}".encode())
        found = differences(connection, dataset)
    assert len(found) == 1
    assert re.search(sentence, found[0])


def test_the_files_alone_say_that_nothing_is_missing(migrated: Settings) -> None:
    """What the database has and what the files say is the same, so a build needs no server to know."""
    assert missing(Catalogue.load(migrated.contracts_dir), migrated.sql_dir / "migrations") == ()
