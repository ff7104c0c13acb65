"""`streamflow fidelity`: each gate with its value and limit, exit 1 when one fails, one sentence for each mistake."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from streamflow.calibration.fidelity.gates import fidelity, regenerate
from streamflow.calibration.loading import load_purchases
from streamflow.cli.fidelity import _show
from streamflow.cli.fidelity import fidelity as command
from streamflow.errors import InputError
from streamflow.generator.parameters import load_parameters

ROOT = Path(__file__).resolve().parents[3]
GENERATOR = ROOT / "contracts" / "generator" / "1.0.0.yaml"
MAPPING = ROOT / "data" / "mappings" / "purchases.yaml"


def streamflow(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with an empty state directory, hence without servers."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAMFLOW_")}
    environment |= {"STREAMFLOW_HOME": str(home), "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, "-c", "from streamflow.cli import main; main()", "fidelity", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=120,
    )


def test_the_command_prints_the_gates_that_the_functions_give_and_exits_1_when_one_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The shipped world, uncalibrated, beside every tenth purchase of the sample; JSON for machines, a table for us."""
    ours = _some_purchases(tmp_path)
    given = (str(ours), "--mapping", str(MAPPING), "--generator", "1.0.0", "--rows", "4000", "--seed", "3")
    done = streamflow(tmp_path, *given, "--json")
    assert done.returncode == 1, done.stderr
    source = load_purchases("own", str(ours), str(MAPPING))
    run = regenerate(load_parameters(GENERATOR), source, 3, 4000 / len(source))
    result = fidelity(source, run, 3)
    assert done.stdout == result.json()
    assert (len(run), json.loads(done.stdout)["generated"]["rows"]) == (4000, 4000)
    assert len(result.checks) == 20
    assert result.failed
    _show(result, "generator parameters 1.0.0")
    shown = capsys.readouterr().out
    assert f", {len(result.failed)} failed, " in shown
    assert all(check.name in shown and check.verdict in shown for check in result.checks)
    assert all(f"failed: {name}: " in shown for name in result.failed)


def _some_purchases(folder: Path) -> Path:
    """Write every tenth purchase of the shipped sample to a file."""
    with gzip.open(ROOT / "data" / "sample" / "purchases.csv.gz", "rt", encoding="utf-8") as sample:
        header, *lines = sample
    path = folder / "shop.csv"
    path.write_text("".join([header, *lines[::10]]), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, r"Name a FILE with its --mapping, or one of --dataset ieee-cis, ulb, sample\."),
        ({"file": "shop.csv"}, r"shop\.csv is a file of your own: name its --mapping"),
        ({"dataset": "simple"}, r"There is no dataset 'simple'; did you mean 'sample'\?"),
        ({"file": "shop.csv", "dataset": "sample"}, "leave FILE and --mapping out"),
        ({"dataset": "ulb", "mapping": "shop.yaml"}, "ulb has columns of its own"),
        ({"dataset": "sample", "generator": "1.0.1"}, r"1\.0\.1\.yaml; did you mean '1\.0\.0'\?"),
    ],
)
def test_a_mistake_is_one_sentence_before_anything_is_generated(given: dict[str, str], sentence: str) -> None:
    """The nearest valid thing is named."""
    with pytest.raises(InputError, match=sentence):
        command(**given)  # type: ignore[arg-type]
