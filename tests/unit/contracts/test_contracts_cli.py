"""`streamflow contracts`: listings, the check, generated files and releases, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.commands import in_process
from tests.unit.contracts.contract_cases import CONTRACTS
from tests.unit.contracts_versions.version_cases import checkout as first_versions


def contracts(*arguments: str, **env: str) -> CompletedProcess[str]:
    """Run the command as a user would."""
    return in_process("contracts", *arguments, **env)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a root with the first versions of the shipped contracts."""
    first_versions(tmp_path)
    return tmp_path


def test_list_shows_every_dataset_of_a_layer() -> None:
    """As a table for people and as JSON for machines."""
    table = contracts("list", "gold")
    assert table.returncode == 0
    assert "gold/fact_transactions" in table.stdout
    found = json.loads(contracts("list", "--json").stdout)
    assert len(found) == len(list(CONTRACTS.glob("*/*/*.odcs.yaml"))) >= 37
    assert {"id", "physical_name", "columns", "checks", "consumers", "sha256"} == set(found[0])


def test_show_names_columns_units_and_checks() -> None:
    """What a producer needs to know."""
    shown = contracts("show", "transactions.raw")
    assert shown.returncode == 0
    for word in ("amount_minor", "1..10000000000", "personal", "equals the setting base_currency", "[minor]"):
        assert word in shown.stdout
    detail = json.loads(contracts("show", "silver/customers", "--json").stdout)
    assert detail["id"] == "silver/customers/1.0.0"
    assert detail["path"] == "contracts/silver/customers/1.0.0.odcs.yaml"


def test_a_mistyped_dataset_ends_in_one_sentence() -> None:
    """Wrong usage, exit code 2, no stack trace."""
    done = contracts("show", "transactions.rw")
    assert done.returncode == 2
    assert "did you mean 'transactions.raw'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_passes_on_what_is_shipped() -> None:
    """It says how much it looked at."""
    done = contracts("check", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["faults"]) == (0, [])
    assert told["counts"]["contracts"] == len(list(CONTRACTS.glob("*/*/*.odcs.yaml"))) >= 37
    assert told["counts"]["invalid examples"] >= 240


def test_check_finds_a_changed_release_and_an_example_that_surprises(checkout: Path) -> None:
    """A bound moved by one is a changed file and an example that no longer passes."""
    path = checkout / "contracts" / "events" / "transactions.raw" / "1.0.0.odcs.yaml"
    path.write_text(path.read_text().replace("maximum: 10000000000", "maximum: 9999999999"))
    done = contracts("check", STREAMFLOW_ROOT=str(checkout))
    assert done.returncode == 1
    assert "events/transactions.raw/1.0.0.odcs.yaml was changed after its release" in done.stdout
    assert "largest_amount.json: a valid example was rejected: out_of_range." in done.stdout
    assert "amount_over_limit.json" not in done.stdout


def test_check_names_the_line_of_an_unknown_key(checkout: Path) -> None:
    """A mistake in a contract stops the check with its place."""
    path = checkout / "contracts" / "gold" / "dim_date" / "1.0.0.odcs.yaml"
    path.write_text(path.read_text().replace("classification: public", "clasification: public", 1))
    done = contracts("check", STREAMFLOW_ROOT=str(checkout))
    assert done.returncode == 2
    assert "the key 'clasification' is unknown; did you mean 'classification'?" in done.stderr
    assert "dim_date/1.0.0.odcs.yaml line " in done.stderr


def test_build_check_fails_with_the_command_that_mends_it(checkout: Path) -> None:
    """Nothing is written by --check; the plain command writes both files."""
    for folder in ("contracts", "events"):
        (checkout / "streamflow" / folder).mkdir(parents=True)
    stale = contracts("build", "--check", STREAMFLOW_ROOT=str(checkout))
    assert stale.returncode == 1
    assert "run 'streamflow contracts build'" in stale.stderr
    assert not (checkout / "streamflow" / "events" / "models.py").exists()
    built = contracts("build", STREAMFLOW_ROOT=str(checkout))
    assert built.returncode == 0
    assert "wrote streamflow/events/models.py" in built.stdout
    assert "great_expectations leaves" in built.stdout
    assert contracts("build", "--check", STREAMFLOW_ROOT=str(checkout)).returncode == 0


def test_release_records_what_is_new_and_nothing_else(checkout: Path) -> None:
    """A second version is released beside the first."""
    seed = checkout / "contracts" / "fraud_rules" / "1.0.0.yaml"
    seed.with_name("1.1.0.yaml").write_text(
        seed.read_text().replace("version: 1.0.0", "version: 1.1.0").replace("at_least: 6", "at_least: 5")
    )
    done = contracts("release", STREAMFLOW_ROOT=str(checkout))
    assert done.stdout == "released fraud_rules/1.1.0.yaml\n"
    assert contracts("release", STREAMFLOW_ROOT=str(checkout)).stdout == "Nothing new to release.\n"
