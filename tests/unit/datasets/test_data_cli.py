"""`streamflow data`, as a user calls it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from streamflow.datasets.manifest import load_manifest
from tests.unit.datasets.made_files import ulb_line, write_ulb


def _run(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KAGGLE_")}
    return subprocess.run(
        [sys.executable, "-c", "from streamflow.cli import main; main()", "data", *arguments],
        env={**environment, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_fetch_without_a_token_says_what_to_do_by_hand_and_exits_3(tmp_path: Path) -> None:
    """One sentence, no stack trace, nothing written."""
    done = _run("fetch", "ulb", "--folder", str(tmp_path / "raw"), home=tmp_path)
    assert done.returncode == 3
    assert done.stderr.startswith("error: There is no Kaggle token")
    assert "https://www.kaggle.com/datasets/mlg-ulb/creditcardfraud" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_fetch_of_an_unknown_dataset_names_the_nearest_and_exits_2(tmp_path: Path) -> None:
    """As every name on the command line does."""
    done = _run("fetch", "ieee-ciss", home=tmp_path)
    assert done.returncode == 2
    assert "did you mean 'ieee_cis'?" in done.stderr


def test_list_shows_each_sample_and_fails_on_a_wrong_file(tmp_path: Path) -> None:
    """What is wrong with it stands beside it."""
    absent = _run("list", "--folder", str(tmp_path), home=tmp_path)
    assert absent.returncode == 0
    assert absent.stdout.count("absent") == 2
    for name in load_manifest().samples:
        assert name in absent.stdout
    write_ulb(tmp_path / "creditcard.csv", [ulb_line()])
    wrong = _run("list", "--folder", str(tmp_path), home=tmp_path)
    assert wrong.returncode == 1
    assert "1 of 284,807 rows" in wrong.stdout
