"""`streamflow contracts diff` and `release`, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streamflow.contracts.catalogue import SUFFIX
from tests.unit.contracts.test_contracts_cli import contracts
from tests.unit.contracts_versions.version_cases import (
    RAW,
    calibration,
    checkout,
    contract_text,
    proposal,
    put,
    swap,
    tree,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a checkout whose contracts are all released."""
    checkout(tmp_path / "checkout")
    return tmp_path / "checkout"


def test_a_person_reads_reviews_and_releases_a_proposal(root: Path, tmp_path: Path) -> None:
    """`diff` says what changes and that the numbers are right; release records three files; a second release none."""
    folder, id_ = proposal(tmp_path / "proposal")
    told = contracts("diff", str(folder), STREAMFLOW_ROOT=str(root))
    assert told.returncode == 0, told.stderr
    assert "velocity.purchases from_6: at_least 6 -> 5; more purchases fire" in told.stdout
    assert told.stdout.count("The number 1.1.0 is right.") == 2
    assert f"calibrations/{id_}: 2 figures: 1 measured, 1 assumed." in told.stdout
    files = json.loads(contracts("diff", str(folder), "--json", STREAMFLOW_ROOT=str(root)).stdout)["files"]
    assert [one["file"] for one in files][:2] == ["fraud_rules/1.1.0.yaml", "generator/1.1.0.yaml"]
    done = contracts("release", str(folder), STREAMFLOW_ROOT=str(root))
    assert done.stdout.splitlines() == [
        f"released calibrations/{id_}.json",
        "released fraud_rules/1.1.0.yaml",
        "released generator/1.1.0.yaml",
    ]
    assert contracts("release", str(folder), STREAMFLOW_ROOT=str(root)).stdout == "Nothing new to release.\n"
    one = contracts("diff", "fraud_rules/1.1.0", "--json", STREAMFLOW_ROOT=str(root))
    assert json.loads(one.stdout)["needed_version"] == "1.1.0"


def test_diff_names_those_whom_a_change_breaks(root: Path) -> None:
    """By a path to a file that is no contract of the checkout yet."""
    path = put(root, f"draft/2.0.0{SUFFIX}", contract_text(RAW, "2.0.0", swap("maximum: 1000\n", "maximum: 1001\n")))
    told = contracts("diff", f"{RAW}/1.0.0", str(path), STREAMFLOW_ROOT=str(root))
    assert told.stdout.splitlines() == [
        f"{RAW}/1.0.0 -> {RAW}/2.0.0: major, so the number is 2.0.0.",
        "major:",
        "  quantity: at most 1000 -> 1001",
        "    consumers: records may arrive that the old version ruled out",
        "    breaks: transaction_processor, fraud_detector, realtime_aggregator",
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("diff", "fraud_rules/1.0.0"), "fraud_rules/1.0.0 has no release before it"),
        (("diff", "fraud_rules/1.0.0", "generator/1.0.0"), "they are different things"),
        (("diff", "contracts", "fraud_rules/1.0.0"), "is a proposal, which is compared with what was released"),
        (("release", "nowhere/1.0.0.yaml"), "contracts/nowhere/1.0.0.yaml is no contract"),
        (("release", "--renumber", "fraud_rules/1.0.0.yaml"), "--renumber is for a proposal folder"),
    ],
)
def test_wrong_usage_ends_in_one_sentence(root: Path, arguments: tuple[str, ...], sentence: str) -> None:
    """Exit code 2, no stack trace, nothing written."""
    before = tree(root)
    done = contracts(*arguments, STREAMFLOW_ROOT=str(root))
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert sentence in done.stderr
    assert tree(root) == before


def test_a_world_that_the_generator_would_refuse_is_not_released(root: Path, tmp_path: Path) -> None:
    """A share above one is found before anything is written."""
    folder, _ = proposal(tmp_path / "proposal", one=calibration())
    path = folder / "generator" / "1.1.0.yaml"
    path.write_text(path.read_text().replace("main_item_share: {value: 0.85", "main_item_share: {value: 1.85"))
    before = tree(root)
    done = contracts("release", str(folder), STREAMFLOW_ROOT=str(root))
    assert done.returncode == 2
    assert "'customers.main_item_share' is wrong" in done.stderr
    assert tree(root) == before
