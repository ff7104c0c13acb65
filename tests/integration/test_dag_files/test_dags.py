"""The DAG files, as Airflow's own processor reads them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

DAGS = Path(__file__).resolve().parents[3] / "dags"
EXPECTED = {"bronze_to_silver", "silver_to_gold", "data_quality", "maintenance", "drift", "calibration"}

PLAIN_DATA = "streamflow.calibration.parameters"


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Parse the folder with Airflow, on a metadata database of this test's own."""
    home = tmp_path_factory.mktemp("airflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(home))
        patch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        patch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(DAGS))
        from airflow.dag_processing.dagbag import DagBag

        yield DagBag(dag_folder=str(DAGS))


def test_the_folder_holds_exactly_the_six_dags_and_none_fails_to_import(bag: Any) -> None:
    """Six DAGs, no import error, one file each."""
    assert bag.import_errors == {}
    assert set(bag.dags) == EXPECTED
    assert {path.stem for path in DAGS.glob("*.py")} == EXPECTED


def test_every_dag_runs_one_at_a_time_without_catching_up_and_retries_with_back_off(bag: Any) -> None:
    """The rules of platform.md that keep a mark-based load safe."""
    assert len(bag.dags) == len(EXPECTED)
    for dag in bag.dags.values():
        assert dag.max_active_runs == 1
        assert dag.catchup is False
        assert dag.doc_md
        for task in dag.tasks:
            assert task.retries >= 2
            assert task.retry_exponential_backoff == 2.0
            assert task.execution_timeout <= timedelta(hours=2)


@pytest.mark.parametrize(
    ("dag_id", "expression"),
    [
        ("bronze_to_silver", "0 * * * *"),
        ("data_quality", "*/15 * * * *"),
        ("maintenance", "30 3 * * *"),
        ("drift", "30 4 * * *"),
        ("calibration", "0 5 * * 1"),
    ],
)
def test_a_scheduled_dag_has_an_interval_of_its_period(bag: Any, dag_id: str, expression: str) -> None:
    """CronDataIntervalTimetable, not a plain cron text, whose interval would be empty: hourly to weekly."""
    timetable = bag.dags[dag_id].timetable
    assert type(timetable).__name__ == "CronDataIntervalTimetable"
    assert timetable.expression == expression


def test_silver_to_gold_follows_what_bronze_to_silver_writes(bag: Any) -> None:
    """The asset that one task updates is the asset that the other DAG waits for."""
    outlets = {asset.name for task in bag.dags["bronze_to_silver"].tasks for asset in task.outlets}
    waits = {asset.name for asset in bag.dags["silver_to_gold"].timetable.asset_condition.objects}
    assert outlets == waits == {"silver"}


def test_calibration_runs_its_steps_in_order_and_describes_each_parameter(bag: Any) -> None:
    """One task a step, one after another; every parameter has a type and a description, and is empty by default."""
    dag = bag.dags["calibration"]
    assert [task.task_id for task in dag.topological_sort()] == ["profile", "calibrate", "fidelity", "review"]
    assert {task.task_id: task.upstream_task_ids for task in dag.tasks}["review"] == {"fidelity"}
    assert set(dag.params) == {"dataset", "path", "mapping", "alert_budget", "review_cost", "seed"}
    for name in dag.params:
        parameter = dag.params.get_param(name)
        assert parameter.value is None
        assert parameter.description
        assert "null" in parameter.schema["type"]


def test_dag_files_are_short_and_import_nothing_but_airflow_while_parsing() -> None:
    """About 40 lines; imports of the package stand inside tasks, those of plain data aside."""
    files = sorted(DAGS.glob("*.py"))
    assert len(files) == len(EXPECTED)
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 45, path.name
        top = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
        modules = {node.module or "" for node in top if isinstance(node, ast.ImportFrom)}
        assert modules <= {"datetime", "airflow.sdk", "airflow.sdk.exceptions", PLAIN_DATA}, path.name
    plain = (DAGS.parent / PLAIN_DATA.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")
    imported = {node.module for node in ast.walk(ast.parse(plain)) if isinstance(node, ast.ImportFrom)}
    assert imported == {"__future__", "typing"}
