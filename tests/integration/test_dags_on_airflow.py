"""The DAGs on the real Airflow, through its REST API."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest

from streamflow.errors import EnvironmentNotReady
from streamflow.settings import Settings
from streamflow.stack.airflow_api import AirflowApi, DagRunFailed
from streamflow.stack.platform import Platform
from streamflow.warehouse.connections import connect
from streamflow.warehouse.migrations import migrate

DEADLINE_S = 240.0
LOG = "a log that only this test has"


@pytest.fixture(scope="module")
def airflow(airflow_platform: Platform) -> Iterator[AirflowApi]:
    """Give a session with Airflow, beside a migrated warehouse."""
    migrate(airflow_platform.settings)
    with AirflowApi(airflow_platform.settings) as api:
        yield api


def test_airflow_has_parsed_the_six_dags_without_an_error(airflow: AirflowApi) -> None:
    """The real DAG processor, in its own process and environment."""
    expected = ["bronze_to_silver", "calibration", "data_quality", "drift", "maintenance", "silver_to_gold"]
    for dag_id in expected:
        if dag_id == "calibration":
            # Unpaused, it would run last week's interval on the shipped sample beside the other tests.
            airflow.await_parsed(dag_id)
        else:
            airflow.unpause(dag_id)
    assert airflow.import_errors() == []
    assert airflow.dag_ids() == expected


@pytest.mark.parametrize(
    ("dag_id", "times"), [("bronze_to_silver", 2), ("silver_to_gold", 2), ("maintenance", 1), ("drift", 1)]
)
def test_a_dag_that_is_triggered_without_a_logical_date_succeeds(airflow: AirflowApi, dag_id: str, times: int) -> None:
    """Loads go by marks, so a run by hand needs no interval, and twice is as good as once."""
    runs = [airflow.complete(dag_id, DEADLINE_S) for _ in range(times)]
    assert [run.state for run in runs] == ["success"] * times
    assert len({run.run_id for run in runs}) == times


def test_a_contradiction_fails_the_run_at_once_with_its_sentence(
    airflow: AirflowApi, airflow_platform: Platform
) -> None:
    """AirflowFailException: no retry, and the API gives the task's own words."""
    settings = airflow_platform.settings
    try:
        _contradict(settings)
        with pytest.raises(
            DagRunFailed, match=r"load: silver\.fraud_decisions: revision 0 of rule set 1\.0\.0 .* twice"
        ):
            airflow.complete("bronze_to_silver", DEADLINE_S)
        with connect(settings, "silver_db", "reader") as connection:
            rows = connection.execute("SELECT run_id FROM ops.load_audit WHERE status = 'failed'").fetchall()
        assert any(str(run_id).startswith("manual__") for (run_id,) in rows), "the audit names a run as Airflow does"
    finally:
        _forget(settings)
    assert airflow.complete("bronze_to_silver", DEADLINE_S).state == "success"


def _contradict(settings: Settings) -> None:
    """Write two decisions of one revision that disagree, into a log of their own."""
    folder = settings.contracts_dir / "events" / "fraud-decisions" / "examples" / "valid"
    record = json.loads(sorted(folder.glob("*.json"))[0].read_text(encoding="utf-8")) | {"revision": 0}
    with connect(settings, "bronze_db", "ingest") as connection:
        for offset, score in enumerate((0.25, 0.75)):
            body = json.dumps(record | {"score": score})
            connection.execute(
                "INSERT INTO bronze.raw_fraud_decisions (log_id, kafka_topic, kafka_partition, kafka_offset, "
                "kafka_timestamp, event_timestamp, raw_payload, raw_bytes, processing_status) "
                "VALUES (%s, 'fraud-decisions', 0, %s, now(), now(), %s, '', 'accepted')",
                [LOG, offset, body],
            )


def _forget(settings: Settings) -> None:
    with connect(settings, "bronze_db", "owner") as connection:
        connection.execute("DELETE FROM bronze.raw_fraud_decisions WHERE log_id = %s", [LOG])


def test_an_unknown_dag_is_named_when_the_deadline_has_passed(airflow: AirflowApi) -> None:
    """One sentence, no stack trace."""
    with pytest.raises(EnvironmentNotReady, match="has not parsed the DAG 'bronze_to_slver' in 0 s"):
        airflow.unpause("bronze_to_slver", deadline_s=0.0)


def test_an_airflow_that_is_not_there_is_one_sentence(airflow_platform: Platform) -> None:
    """The address is in the sentence."""
    settings = airflow_platform.settings
    gone = settings.model_copy(update={"airflow": settings.airflow.model_copy(update={"url": "http://127.0.0.1:9"})})
    with (
        pytest.raises(EnvironmentNotReady, match=r"Airflow at http://127\.0\.0\.1:9 does not answer"),
        AirflowApi(gone),
    ):
        pass


def test_a_run_may_be_named_by_its_caller(airflow: AirflowApi) -> None:
    """A demonstration finds its own runs again."""
    name = f"named-by-hand-{uuid.uuid4()}"
    assert airflow.complete("maintenance", DEADLINE_S, run_id=name).run_id == name
