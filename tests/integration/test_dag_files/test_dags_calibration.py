"""The DAG calibration as Airflow runs it, task by task, on small notebooks in the places of the real ones."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from streamflow.calibration.world.simulated import simulated_table
from streamflow.contracts.calibrations import Calibration, Figure, Notebook, new_calibration
from streamflow.generator.parameters import load_parameters
from streamflow.settings import Settings, load_settings
from tests.notebook_cases import write_notebook

ROOT = Path(__file__).resolve().parents[3]
PROFILE = "assert path.endswith('.csv')"
CALIBRATE = """
import shutil
from pathlib import Path
from streamflow.calibration.runs import announce
from streamflow.settings import settings
assert (alert_budget, review_cost, seed) == (20.0, 5.0, 7)
folder = settings().proposals_dir / Path(prepared).name
shutil.copytree(prepared, folder, dirs_exist_ok=True)
announce(proposal=folder, calibration=folder.name)
"""
FIDELITY = "assert (dataset, path, seed) == ('ulb', 'creditcard.csv', 7)"
GIVEN: list[dict[str, Any]] = [
    {"dataset": "ulb", "path": "creditcard.csv", "alert_budget": 20, "seed": 7},
    {"seed": 8},
]
# Runs the DAG in a process of its own: Airflow reads its configuration once, at its first import.
RUN = """
import json, sys
from airflow.utils.db import initdb
initdb()
from airflow.dag_processing.dagbag import DagBag
for conf in json.loads(sys.argv[2]):
    # Anew each time: a test run leaves its parameters in the DAG.
    bag = DagBag(dag_folder=sys.argv[1])
    assert bag.import_errors == {}, bag.import_errors
    run = bag.dags["calibration"].test(run_conf=conf)
    tasks = {one.task_id: one for one in run.get_task_instances()}
    told = {name: one.xcom_pull(task_ids=name) for name, one in tasks.items() if one.state == "success"}
    states = {name: one.state for name, one in tasks.items()}
    tries = {name: one.try_number for name, one in tasks.items()}
    print("TOLD " + json.dumps({"state": run.state, "states": states, "told": told, "tries": tries}))
"""


def a_proposal(folder: Path, root: Path) -> Calibration:
    """Write a proposal that moves one band of rule set 1.0.0, and return its calibration."""
    table = simulated_table(load_parameters(root / "contracts" / "generator" / "1.0.0.yaml"), 2000, 3, 1)
    calibration = new_calibration(
        dataset="own",
        rule_set="1.1.0",
        generator="1.0.0",
        package="0",
        notebook=Notebook(path="notebooks/calibrate.ipynb", sha256="0" * 64, parameters={}),
        sources={"data": table.source},
        figures={
            "rules.velocity.purchases.from_5.at_least": Figure(
                value=5,
                unit="purchases",
                status="simulated",
                method="fit",
                source="data",
                n=9,
                interval=[4, 6],
                reason="r",
            )
        },
    )
    (folder / "calibrations").mkdir(parents=True)
    (folder / "fraud_rules").mkdir()
    (folder / "calibrations" / f"{calibration.id}.json").write_text(calibration.text(), encoding="utf-8")
    text = (root / "contracts" / "fraud_rules" / "1.0.0.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("version: 1.0.0", "version: 1.1.0"),
        ("calibration: null", f"calibration: {calibration.id}"),
        ("{id: from_6, at_least: 6", "{id: from_5, at_least: 5"),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "fraud_rules" / "1.1.0.yaml").write_text(text, encoding="utf-8")
    return calibration


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Give settings of a checkout whose contracts are those of rule set 1.0.0, with notebooks of a few lines."""
    home = tmp_path_factory.mktemp("checkout")
    settings = load_settings().model_copy(
        update={"root": home, "home": home / "state", "notebooks": home / "notebooks", "clock": "log"}
    )
    shutil.copytree(ROOT / "contracts", home / "contracts")
    for path in [*home.glob("contracts/fraud_rules/1.[1-9]*.yaml"), *home.glob("contracts/generator/1.[1-9]*.yaml")]:
        path.unlink()
    lock = home / "contracts" / "released.lock"
    kept = [line for line in lock.read_text(encoding="utf-8").splitlines() if (lock.parent / line[66:]).exists()]
    lock.write_text("\n".join(kept) + "\n", encoding="utf-8")
    calibration = a_proposal(home / "prepared", home)
    prepared = (home / "prepared").rename(home / calibration.id)
    notebooks = home / "notebooks"
    write_notebook(notebooks, "profile_ulb", PROFILE, parameters="path = ''")
    taken = "dataset = 'own'\npath = ''\nmapping = ''\nseed = 1\n"
    more = f"alert_budget = 10.0\nreview_cost = 5.0\nprepared = {str(prepared)!r}"
    write_notebook(notebooks, "calibrate", CALIBRATE, parameters=taken + more)
    write_notebook(notebooks, "fidelity", FIDELITY, parameters=taken)
    return settings


@pytest.fixture(scope="module")
def runs(checkout: Settings, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Run the DAG with each of `GIVEN` on a metadata database of its own; contracts and notebooks stay as they were."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("STREAMFLOW_", "AIRFLOW"))}
    environment |= {
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "STREAMFLOW_ROOT": str(checkout.root),
        "STREAMFLOW_HOME": str(checkout.home),
        "STREAMFLOW_NOTEBOOKS": str(checkout.notebooks),
    }
    before = contents(checkout.contracts_dir), contents(checkout.notebooks_dir)
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(ROOT / "dags"), json.dumps(GIVEN)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=300,
    )
    lines = [line.removeprefix("TOLD ") for line in done.stdout.splitlines() if line.startswith("TOLD ")]
    assert len(lines) == len(GIVEN), done.stderr[-3000:] + done.stdout[-3000:]
    assert (contents(checkout.contracts_dir), contents(checkout.notebooks_dir)) == before
    assert min(map(len, before)) >= 3
    return [json.loads(line) for line in lines]


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_ends_with_a_proposal_and_its_diff_and_releases_nothing(
    checkout: Settings, runs: list[dict[str, Any]]
) -> None:
    """Four tasks; copies and pages in one run folder."""
    done = runs[0]
    assert done["states"] == dict.fromkeys(("profile", "calibrate", "fidelity", "review"), "success")
    proposal = Path(done["told"]["calibrate"]["proposal"])
    assert proposal.parent == checkout.proposals_dir
    says = done["told"]["review"]["says"]
    assert says.startswith(f"Proposal: {proposal}")
    assert "fraud_rules/1.0.0 -> fraud_rules/1.1.0: minor" in says
    assert says.endswith(f"Nothing was released: streamflow contracts release {proposal}")
    folders = {Path(done["told"][step]["copy"]).parent for step in ("profile", "calibrate", "fidelity")}
    assert len(folders) == 1
    names = ("profile_ulb", "calibrate", "fidelity")
    assert set(contents(folders.pop())) == {f"{name}.{ending}" for name in names for ending in ("ipynb", "html")}


def test_a_failing_cell_fails_the_run_without_a_second_try_and_proposes_nothing(runs: list[dict[str, Any]]) -> None:
    """The notebook asserts a seed that this run does not give; own data have no profile and say so."""
    done = runs[1]
    assert done["state"] == "failed"
    assert done["states"]["profile"] == "success"
    assert "calibrated without a profile" in done["told"]["profile"]["says"]
    assert (done["states"]["calibrate"], done["tries"]["calibrate"]) == ("failed", 1)
    assert {done["states"][step] for step in ("fidelity", "review")} == {"upstream_failed"}
