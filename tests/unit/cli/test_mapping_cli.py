"""`streamflow mapping` as a new user meets it: a file, a proposal, what became of the rows, the next command."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from streamflow.cli import main
from tests.unit.generator.mapping_files import write
from tests.unit.generator.worlds import CONTRACTS

SAMPLE = CONTRACTS.parent / "data" / "sample" / "seven_orders.csv"
SHIPPED = CONTRACTS.parent / "data" / "mappings" / "seven_orders.yaml"


Streamflow = Callable[..., "Done"]


@dataclass(frozen=True)
class Done:
    """What a call left."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def streamflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Streamflow:
    """Call the command in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["streamflow", "mapping", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        told = capsys.readouterr()
        return Done(int(left.value.code or 0), told.out, told.err)

    return call


def test_a_new_file_gets_a_mapping_and_the_next_command(tmp_path: Path, streamflow: Streamflow) -> None:
    """The proposal is written, tried, and checked again by the command that it names."""
    write(tmp_path, "handbook", 600)
    done = streamflow("suggest", "handbook.csv")
    assert done.returncode == 0, done.stderr
    assert "Never a field: 'TX_FRAUD_SCENARIO'" in done.stdout
    assert "streamflow backtest handbook.csv --mapping handbook.mapping.yaml" in done.stdout
    check = streamflow("check", "handbook.csv", "--mapping", "handbook.mapping.yaml", "--json")
    assert check.returncode == 0, check.stderr
    told = json.loads(check.stdout)
    assert (told["rows"], told["purchases"], told["set_aside"]) == (600, 600, [])


def test_json_holds_the_proposal_the_trial_and_the_next_commands(tmp_path: Path, streamflow: Streamflow) -> None:
    """With the currency of the file as the base, where it has another one."""
    write(tmp_path, "spanish", 600)
    done = streamflow("suggest", "spanish.csv", "-o", "s.yaml", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["mapping"] == "s.yaml"
    assert {line["field"] for line in told["lines"]} >= {"customer_id", "amount_minor", "event_timestamp"}
    assert told["trial"]["purchases"] == 600
    assert told["trial"]["labels"]["with_moment"] == told["trial"]["labels"]["fraud"] > 0
    assert told["next"][-1] == "STREAMFLOW_BASE_CURRENCY=EUR streamflow backtest spanish.csv --mapping s.yaml"


def test_a_mapping_that_is_there_is_not_written_over(tmp_path: Path, streamflow: Streamflow) -> None:
    """Somebody may have edited it."""
    write(tmp_path, "handbook", 100)
    (tmp_path / "m.yaml").write_text("mine")
    done = streamflow("suggest", "handbook.csv", "-o", "m.yaml")
    assert (done.returncode, (tmp_path / "m.yaml").read_text()) == (2, "mine")
    assert "m.yaml is there already" in done.stderr
    assert streamflow("suggest", "handbook.csv", "-o", "m.yaml", "--force").returncode == 0


def test_check_names_reasons_and_lines(streamflow: Streamflow) -> None:
    """The sample has three wrong rows, each with its line; four are purchases."""
    done = streamflow("check", str(SAMPLE), "--mapping", str(SHIPPED))
    assert done.returncode == 0, done.stderr
    for part in ("out_of_range", "first in line 6", "first in line 7", "not_in_enum", "first in line 8", "below zero"):
        assert part in done.stdout


def test_a_file_without_a_purchase_fails_the_check(streamflow: Streamflow) -> None:
    """In another base currency every row is set aside."""
    done = streamflow("check", str(SAMPLE), "--mapping", str(SHIPPED), "--currency", "EUR")
    assert done.returncode == 1
    assert "No row of seven_orders.csv is a purchase under this mapping." in done.stdout
    assert "unsupported_currency" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("suggest", "handbok.csv"), "did you mean 'handbook.csv'?"),
        (("suggest", "handbook.csv", "-o", "nowhere/m.yaml"), "nowhere/m.yaml cannot be written"),
        (("check", "handbook.csv", "--mapping", "none.yaml"), "none.yaml"),
        (("check", "handbook.csv", "--mapping", str(SHIPPED)), "',' looks like it: set 'delimiter'"),
        (("check", "handbook.csv", "--mapping", str(SHIPPED), "--currency", "eur"), "'eur' is no currency"),
    ],
)
def test_a_mistake_is_one_sentence(
    tmp_path: Path, streamflow: Streamflow, arguments: tuple[str, ...], sentence: str
) -> None:
    """No stack trace, exit code 2, nothing written."""
    write(tmp_path, "handbook", 60)
    done = streamflow(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} <= {"handbook.csv", "home"}
