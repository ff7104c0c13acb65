"""The DAG calibration with the real notebooks on the real Airflow: it ends with a proposal and releases nothing.

Three runs, one after the other: the one that the schedule owes when the DAG is unpaused, on its defaults; one by hand
on the sample of a public file; one by hand on a file that is not there. A fourth is refused at once.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from streamflow.contracts.proposals import read_proposal
from streamflow.errors import EnvironmentNotReady
from streamflow.settings import Settings, load_settings
from streamflow.stack.airflow_api import AirflowApi, DagRun
from streamflow.stack.platform import Platform

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".cache" / "test" / f"calibration-{os.getpid()}"
DAG = "calibration"
DEADLINE_S = 900.0
ANSWER_S = 120.0
"""Of one request: notebooks that run at the same time leave the API server little of a machine."""
STEPS = ("profile", "calibrate", "fidelity", "review")
FAMILIES = ("fraud_rules", "generator", "calibrations")


@dataclass(frozen=True)
class Told:
    """A run as Airflow and the disk tell of it.

    Attributes:
        run: The run; its detail is the sentence of a failed task.
        states: State and number of the last try, by task.
        results: What each successful task returned.
        folder: Its run folder.
    """

    run: DagRun
    states: dict[str, tuple[str, int]]
    results: dict[str, dict[str, Any]]
    folder: Path


@dataclass(frozen=True)
class Outcome:
    """All runs, by what they were given; contracts and notebooks before and after."""

    settings: Settings
    told: dict[str, Told]
    refused: str
    before: dict[str, bytes]
    after: dict[str, bytes]


def contents(settings: Settings) -> dict[str, bytes]:
    """Return all notebooks, every version that a calibration could release, and their lines in the lock."""
    folders = [settings.notebooks_dir, *(settings.contracts_dir / name for name in FAMILIES)]
    files = {str(file): file.read_bytes() for folder in folders for file in folder.rglob("*") if file.is_file()}
    lock = (settings.contracts_dir / "released.lock").read_text(encoding="utf-8").splitlines()
    return files | {line: b"" for line in lock if line.split()[-1].startswith(FAMILIES)}


def told_of(api: AirflowApi, settings: Settings, run_id: str) -> Told:
    """Wait for a run and collect what it left."""
    run = api.wait(DAG, run_id, DEADLINE_S)
    base = f"/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances"
    tasks = api._request("GET", base)["task_instances"]
    states = {one["task_id"]: (one["state"], one["try_number"]) for one in tasks}
    results = {
        name: api._request("GET", f"{base}/{name}/xcomEntries/return_value")["value"]
        for name, (state, _) in states.items()
        if state == "success"
    }
    return Told(run, states, results, settings.runs_dir / DAG / re.sub(r"[^A-Za-z0-9_.-]+", "-", run_id))


@pytest.fixture(scope="module")
def outcome() -> Iterator[Outcome]:
    """Run the DAG on PostgreSQL and Airflow of its own; they stop afterwards."""
    platform = Platform(load_settings(home=HOME))
    try:
        settings = platform.up(without={"kafka", "flink"})
        before = contents(settings)
        with AirflowApi(settings, timeout_s=ANSWER_S) as api:
            # By hand first: a paused DAG keeps a run queued, and unpausing adds the one that the schedule owes.
            api.await_parsed(DAG)
            ulb = api.trigger(DAG, "by-hand-ulb", {"dataset": "ulb", "seed": 7, "alert_budget": 20})
            lost = api.trigger(DAG, "by-hand-lost", {"dataset": "ulb", "path": "no-such-file.csv"})
            with pytest.raises(EnvironmentNotReady) as refused:
                api.trigger(DAG, "by-hand-refused", {"alert_budget": 0})
            api.unpause(DAG)
            told = {"ulb": told_of(api, settings, ulb), "lost": told_of(api, settings, lost)}
            every = api._request("GET", f"/api/v2/dags/{DAG}/dagRuns")["dag_runs"]
            (owed,) = [one["dag_run_id"] for one in every if one["run_type"] == "scheduled"]
            told["owed"] = told_of(api, settings, owed)
        yield Outcome(settings, told, str(refused.value), before, contents(settings))
    finally:
        platform.down(purge=True)
        shutil.rmtree(HOME, ignore_errors=True)


@pytest.mark.parametrize(
    ("given", "dataset", "notebooks"),
    [
        ("owed", "own", ("calibrate", "fidelity")),
        ("ulb", "ulb", ("profile_ulb", "calibrate", "fidelity")),
    ],
)
@pytest.mark.timeout(1800)
def test_a_run_leaves_executed_notebooks_their_pages_and_a_proposal(
    outcome: Outcome, given: str, dataset: str, notebooks: tuple[str, ...]
) -> None:
    """Every code cell ran, no page loads from elsewhere, and the proposal reads back with its review."""
    told = outcome.told[given]
    assert told.run.state == "success", told.run.detail
    assert told.states == dict.fromkeys(STEPS, ("success", 1))
    assert {path.name for path in told.folder.iterdir()} == {
        f"{n}.{end}" for n in notebooks for end in ("ipynb", "html")
    }
    for name in notebooks:
        cells = nbformat.read(told.folder / f"{name}.ipynb", as_version=4).cells  # type: ignore[no-untyped-call]
        code = [cell for cell in cells if cell.cell_type == "code"]
        assert len(code) >= 5
        assert all(cell.execution_count for cell in code)
        page = (told.folder / f"{name}.html").read_text(encoding="utf-8")
        assert len(page) > 100_000
        assert 'src="http' not in page
    folder = Path(told.results["calibrate"]["proposal"])
    assert folder.parent == outcome.settings.proposals_dir
    (calibration,) = read_proposal(folder).calibrations.values()
    assert calibration.dataset == dataset
    says = told.results["review"]["says"]
    assert says.startswith(f"Proposal: {folder}")
    assert f"fraud_rules/{calibration.rule_set}" in says
    assert says.endswith(f"Nothing was released: streamflow contracts release {folder}")


def test_what_a_run_was_given_is_in_its_calibration(outcome: Outcome) -> None:
    """The notebook's parameters, as the DAG's parameters said; the rest are its defaults."""
    (calibration,) = read_proposal(Path(outcome.told["ulb"].results["calibrate"]["proposal"])).calibrations.values()
    assert calibration.notebook.path == "notebooks/calibrate.ipynb"
    given = calibration.notebook.parameters
    assert (given["dataset"], given["seed"], given["alert_budget"]) == ("ulb", 7, 20.0)


def test_a_file_that_is_not_there_fails_at_the_first_try_and_names_it(outcome: Outcome) -> None:
    """The notebook that failed and its page are kept; the steps behind it do not run."""
    told = outcome.told["lost"]
    assert told.run.state == "failed"
    assert told.states["profile"] == ("failed", 1)
    assert {told.states[step][0] for step in STEPS[1:]} == {"upstream_failed"}
    assert "no-such-file.csv" in told.run.detail
    assert {path.name for path in told.folder.iterdir()} == {"profile_ulb.ipynb", "profile_ulb.html"}


def test_a_parameter_out_of_range_is_refused_before_anything_runs(outcome: Outcome) -> None:
    """Airflow holds it against the schema of the DAG's parameters and names it."""
    assert "alert_budget" in outcome.refused
    assert not (outcome.settings.runs_dir / DAG / "by-hand-refused").exists()


def test_nothing_was_released_and_no_notebook_was_changed(outcome: Outcome) -> None:
    """Versions and notebooks are byte for byte what they were; there are two proposals beside them."""
    assert sum(key.split("  ")[-1].startswith(FAMILIES) for key in outcome.before) >= 5, (
        "released versions are looked at"
    )
    assert outcome.after == outcome.before
    assert len(list(outcome.settings.proposals_dir.iterdir())) == 2
