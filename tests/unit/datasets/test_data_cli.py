"""`streamflow data`, as a user calls it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from streamflow.datasets.manifest import load_manifest
from tests.commands import in_process
from tests.unit.datasets.made_files import ulb_line, write_ulb


@pytest.fixture(autouse=True)
def _without_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a developer's own token out of the tests."""
    for name in [name for name in os.environ if name.startswith("KAGGLE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_fetch_without_a_token_says_what_to_do_by_hand_and_exits_3(tmp_path: Path) -> None:
    """One sentence, no stack trace, nothing written."""
    done = in_process("data", "fetch", "ulb", "--folder", str(tmp_path / "raw"))
    assert done.returncode == 3
    assert done.stderr.startswith("error: There is no Kaggle token")
    assert "https://www.kaggle.com/datasets/mlg-ulb/creditcardfraud" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_fetch_of_an_unknown_dataset_names_the_nearest_and_exits_2(tmp_path: Path) -> None:
    """As every name on the command line does."""
    done = in_process("data", "fetch", "ieee-ciss")
    assert done.returncode == 2
    assert "did you mean 'ieee_cis'?" in done.stderr


def test_list_shows_each_sample_and_fails_on_a_wrong_file(tmp_path: Path) -> None:
    """What is wrong with it stands beside it."""
    absent = in_process("data", "list", "--folder", str(tmp_path))
    assert absent.returncode == 0
    assert absent.stdout.count("absent") == 2
    for name in load_manifest().samples:
        assert name in absent.stdout
    write_ulb(tmp_path / "creditcard.csv", [ulb_line()])
    wrong = in_process("data", "list", "--folder", str(tmp_path))
    assert wrong.returncode == 1
    assert "1 of 284,807 rows" in wrong.stdout
