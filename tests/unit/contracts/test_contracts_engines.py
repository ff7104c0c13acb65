"""Engines: what each makes of the checks, and that nothing is left out in silence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from streamflow.contracts import Catalogue
from streamflow.contracts.build import compile_all, stale, write
from streamflow.contracts.engines import great_expectations, postgres
from streamflow.contracts.released import ContractsBroken, differences, read_lock, verify_released
from streamflow.contracts.releasing import release
from streamflow.errors import InputError
from tests.unit.contracts.contract_cases import CONTRACTS, ROOT, catalogue

TABLES = [dataset for layer in ("bronze", "silver", "gold") for dataset in catalogue().datasets(layer)]


@pytest.mark.parametrize("dataset", TABLES, ids=lambda dataset: dataset.id)
def test_each_check_of_a_table_is_an_expectation_or_is_named_as_left_out(dataset) -> None:  # type: ignore[no-untyped-def]
    """The two lists together are the checks, each once."""
    suite = great_expectations.translate(dataset)
    done = [one["meta"]["check_id"] for one in suite.expectations[1:]] + [left.check.id for left in suite.untranslated]
    assert sorted(done) == sorted(check.id for check in dataset.checks)
    assert all(left.reason for left in suite.untranslated)


@pytest.mark.parametrize("dataset", TABLES, ids=lambda dataset: dataset.id)
def test_each_check_of_a_table_is_a_column_a_key_a_check_or_is_named_as_left_out(dataset) -> None:  # type: ignore[no-untyped-def]
    """Presence and most types are columns, uniqueness is a key, the rest are CHECKs; JSON's inside is left out."""
    table = postgres.translate(dataset)
    inside = {check.id for check in dataset.checks if "[]" in check.column or "." in check.column}
    assert {left.check.id for left in table.untranslated if not left.partly} == inside
    checked = {check.check_id for check in table.checks}
    by_type = {c.path for c in dataset.columns if c.physical_type == "uuid"}
    by_column = [
        check
        for check in dataset.checks
        if check.id not in inside | checked
        and (check.kind in ("required", "type") or (check.kind == "length" and check.column in by_type))
    ]
    assert len(by_column) + len(table.keys) + len(checked) + len(inside) == len(dataset.checks)
    assert all(left.reason.startswith("only in part") for left in table.untranslated if left.partly)
    assert len({check.name for check in table.checks}) == len(table.checks)


def test_a_silver_purchase_becomes_what_it_says() -> None:
    """Samples of both translations, written out."""
    dataset = catalogue().dataset("silver", "clean_transactions")
    table = postgres.translate(dataset)
    checks = {check.name: check.expression for check in table.checks}
    assert table.name == "silver.clean_transactions"
    assert checks["clean_transactions_channel_enum"] == "channel IN ('web', 'app', 'in_store', 'phone')"
    assert checks["clean_transactions_quantity_range"] == "quantity BETWEEN 1 AND 1000"
    assert checks["clean_transactions_currency_pattern"] == "currency ~ '^[A-Z]{3}$'"
    assert table.keys[0].columns == ("customer_id", "transaction_id")
    assert table.keys[0].primary
    amount = next(column for column in table.columns if column.name == "amount")
    assert (amount.type, amount.nullable) == ("numeric(14,2)", False)
    kinds = {one["type"]: one["kwargs"] for one in great_expectations.translate(dataset).expectations}
    assert kinds["expect_compound_columns_to_be_unique"] == {"column_list": ["customer_id", "transaction_id"]}
    assert set(kinds["expect_table_columns_to_match_set"]["column_set"]) == {c.name for c in dataset.columns}


def test_a_field_needed_only_at_times_is_checked_only_then() -> None:
    """A chargeback names its purchase; a login does not."""
    dataset = catalogue().dataset("silver", "enriched_events")
    expressions = [check.expression for check in postgres.translate(dataset).checks]
    assert "event_type IS DISTINCT FROM 'chargeback' OR transaction_id IS NOT NULL" in expressions
    suite = great_expectations.translate(dataset)
    condition = next(one["kwargs"]["row_condition"] for one in suite.expectations if "row_condition" in one["kwargs"])
    assert condition["column"] == {"name": "event_type"}
    assert condition["parameter"] == "chargeback"


def test_expectations_on_personal_columns_say_so() -> None:
    """Data docs mask what the contract calls personal."""
    suite = great_expectations.translate(catalogue().dataset("silver", "clean_transactions"))
    personal = {
        one["kwargs"]["column"] for one in suite.expectations if one["meta"]["personal"] and "column" in one["kwargs"]
    }
    assert {"customer_id", "card_id", "device_id", "latitude", "longitude"} <= personal
    assert "store_id" not in personal


def test_quotes_in_a_value_cannot_leave_their_literal() -> None:
    """Contract text is quoted, not pasted."""
    assert postgres.literal("it's") == "'it''s'"
    assert postgres.literal(5) == "5"


def test_generated_files_are_those_that_the_contracts_compile_into() -> None:
    """The command that mends a failure here is `streamflow contracts build`."""
    assert stale(compile_all(catalogue()), ROOT) == []


def test_a_stale_file_is_found_and_written_anew(tmp_path: Path) -> None:
    """Checking writes nothing; building writes only what differs."""
    built = compile_all(catalogue())
    schemas = len(list((ROOT / "docs" / "schemas").glob("*/*.json")))
    assert len(stale(built, tmp_path)) == len(built.artefacts) == 2 + schemas >= 10
    assert len(write(built, tmp_path)) == 2 + schemas
    assert write(built, tmp_path) == []


def test_every_shipped_contract_and_rule_set_is_released_as_it_is() -> None:
    """The lock covers 36 contracts and rule set 1.0.0 at least, and all bytes match."""
    assert differences(CONTRACTS) == []
    assert len(read_lock(CONTRACTS)) >= 37


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """Return a folder with one released contract."""
    source = CONTRACTS / "silver" / "customers" / "1.0.0.odcs.yaml"
    target = tmp_path / "silver" / "customers" / source.name
    shutil.copytree(source.parent, target.parent)
    assert release(tmp_path, []).names == ("silver/customers/1.0.0.odcs.yaml",)
    return target


def test_a_released_contract_that_was_changed_is_refused(released: Path) -> None:
    """One bound moved is enough."""
    root = released.parents[2]
    verify_released(root)
    released.write_text(released.read_text().replace("maxLength: 128", "maxLength: 127"))
    with pytest.raises(ContractsBroken, match=r"customers/1\.0\.0\.odcs\.yaml was changed after its release"):
        verify_released(root)
    with pytest.raises(ContractsBroken):
        release(root, [])
    assert len(differences(root)) == 1


def test_a_released_contract_that_is_gone_is_missed(released: Path) -> None:
    """Deleting is a change too."""
    released.unlink()
    with pytest.raises(ContractsBroken, match="was released but is gone"):
        verify_released(released.parents[2])


def test_a_new_version_beside_a_released_one_can_be_released(released: Path) -> None:
    """Versions are added, never edited."""
    newer = released.with_name("1.0.1.odcs.yaml")
    newer.write_text(released.read_text().replace("version: 1.0.0", "version: 1.0.1") + "# Reworded.\n")
    root = released.parents[2]
    assert len(differences(root)) == 1
    assert "silver/customers/1.0.1.odcs.yaml is not released; run 'streamflow contracts" in differences(root)[0]
    assert release(root, ["silver/customers/1.0.1.odcs.yaml"]).names == ("silver/customers/1.0.1.odcs.yaml",)
    assert differences(root) == []
    assert Catalogue.load(root).latest("silver", "customers").version == "1.0.1"
    with pytest.raises(InputError, match=r"did you mean 'silver/customers/1\.0\.1\.odcs\.yaml'"):
        release(root, ["silver/customers/1.0.2.odcs.yaml"])
