"""Submitting, stopping and resuming: nothing is lost, nothing runs twice, mistakes get one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from streamflow.contracts.names import FRAUD_DECISIONS, TRANSACTIONS_RAW
from streamflow.errors import InputError
from streamflow.generator.faults import BASE, BASE_MS
from streamflow.jobs.cluster import Cluster
from streamflow.jobs.history import local_path, runs
from streamflow.jobs.plan import JOBS
from streamflow.jobs.progress import committed_offsets, end_offsets, lag, wait_drained
from streamflow.jobs.submission import FlinkClient, status, stop, submit
from streamflow.settings import Settings
from tests.proof.test_jobs.log_cases import Sent, read_topic, send

SPREAD = 40


def purchases(prefix: str) -> list[tuple[bytes, bytes, int]]:
    """Return valid purchases of as many customers, so that they spread over the partitions."""
    found = []
    for number in range(SPREAD):
        customer = f"{prefix}-{number}"
        record = BASE | {"transaction_id": f"{prefix}-{number}", "customer_id": customer}
        found.append((customer.encode(), json.dumps(record).encode(), BASE_MS))
    return found


def held(bronze: psycopg.Connection[tuple[Any, ...]], log_id: str, sent: list[Sent]) -> int:
    """Count the sent records that bronze holds at their place, byte for byte."""
    rows = bronze.execute(
        "SELECT kafka_partition, kafka_offset, raw_bytes FROM bronze.raw_transactions WHERE log_id = %s", (log_id,)
    ).fetchall()
    known = {(partition, offset): body for partition, offset, body in rows}
    return sum(known.get((one.partition, one.offset)) == one.body for one in sent)


def command(*words: str) -> subprocess.CompletedProcess[str]:
    """Run `streamflow jobs` as a user does."""
    program = Path(sys.executable).with_name("streamflow")
    return subprocess.run([program, "jobs", *words], capture_output=True, text=True, timeout=300, check=False)


def test_a_second_submission_leaves_running_jobs_alone(settings: Settings, jobs: FlinkClient) -> None:
    """It says so, and the ids stay."""
    before = {name: job.job_id for name, job in Cluster(settings).active().items()}
    again = submit(settings, jobs)
    assert [one.already_running for one in again] == [True, True, True]
    assert {one.job: one.job_id for one in again} == before
    assert set(before) == set(JOBS)


def test_a_stopped_job_resumes_from_its_savepoint_without_loss(
    settings: Settings, jobs: FlinkClient, log_ids: dict[str, str], bronze: psycopg.Connection[tuple[Any, ...]]
) -> None:
    """Records before, during and after the stop are all in bronze, each once.

    sent      before | during | after
    processor  runs  |  down  | runs from the savepoint
    """
    sent = send(settings, purchases("before"))
    wait_drained(settings, 120)
    savepoint = stop(settings, ["transaction_processor"])["transaction_processor"]
    sent += send(settings, purchases("during"))
    ends = end_offsets(settings, [TRANSACTIONS_RAW])
    assert lag(settings, "transaction_processor", ends) == SPREAD
    assert {one.job: one.state for one in status(settings)}["transaction_processor"] == "FINISHED"
    (resumed,) = submit(settings, jobs, ["transaction_processor"], resume=True)
    sent += send(settings, purchases("after"))
    wait_drained(settings, 120)
    assert resumed.restored_from == local_path(savepoint)
    assert held(bronze, log_ids[TRANSACTIONS_RAW], sent) == 3 * SPREAD


def test_state_keeps_its_operators_from_one_submission_to_the_next(settings: Settings, jobs: FlinkClient) -> None:
    """Detector and aggregator come back with their state: the same ids, or Flink would refuse the savepoint."""
    names = ["fraud_detector", "realtime_aggregator"]
    wait_drained(settings, 120)
    before = {name: committed_offsets(settings, name) for name in names}
    stop(settings, names)
    resumed = submit(settings, jobs, names, resume=True)
    assert all(one.restored_from is not None for one in resumed)
    send(settings, purchases("state"))
    wait_drained(settings, 120)
    for name in names:
        moved = sum(committed_offsets(settings, name).values()) - sum(before[name].values())
        assert moved == SPREAD, f"{name} read {moved} records again or anew, instead of {SPREAD}"


def burst(prefix: str, numbers: range) -> list[tuple[bytes, bytes, int]]:
    """Return purchases of as many customers, a second apart, in the order of their time."""
    found = []
    for number in numbers:
        stamp = datetime.fromtimestamp(BASE_MS / 1000 + number, UTC).isoformat(timespec="milliseconds")
        for customer in (f"{prefix}-{one}" for one in range(SPREAD)):
            identity = {"transaction_id": f"{customer}-{number}", "customer_id": customer}
            record = BASE | identity | {"event_timestamp": stamp.replace("+00:00", "Z")}
            found.append((customer.encode(), json.dumps(record).encode(), BASE_MS + number * 1000))
    return found


def test_customers_keep_their_history_when_a_job_goes_on_in_two_task_managers(
    settings: Settings, jobs: FlinkClient
) -> None:
    """The last purchase of each burst comes after the move; only with the ones before it is it too fast.

    sent                 11 purchases | the 12th of each customer
    detector, managers        1       |   2
    """
    names = ["fraud_detector", "realtime_aggregator"]
    send(settings, burst("moved", range(11)))
    wait_drained(settings, 120)
    stop(settings, names)  # The aggregator makes room.
    twofold = settings.model_copy(update={"flink": settings.flink.model_copy(update={"parallelism": 2})})
    submit(twofold, jobs, names[:1], resume=True)
    send(settings, burst("moved", range(11, 12)))
    wait_drained(settings, 120, jobs=names[:1])
    stop(settings, names[:1])
    submit(settings, jobs, names, resume=True)
    wait_drained(settings, 120)
    ends = {partition: end for (_, partition), end in end_offsets(settings, [FRAUD_DECISIONS]).items()}
    found = [json.loads(message.value()) for message in read_topic(settings, FRAUD_DECISIONS, ends)]
    last = [record for record in found if record["transaction_id"] in {f"moved-{one}-11" for one in range(SPREAD)}]
    assert len(last) == SPREAD
    assert all("velocity" in {line["rule"] for line in record["lines"] if line["weight_ulo"]} for record in last)


def test_a_job_that_does_not_run_cannot_be_stopped(settings: Settings, jobs: FlinkClient) -> None:
    """One sentence that names it."""
    with pytest.raises(InputError, match="The job nonesuch does not run"):
        stop(settings, ["nonesuch"])


def test_state_of_another_log_is_refused(settings: Settings, jobs: FlinkClient) -> None:
    """A topic that was created anew has another id; the offsets of the savepoint mean nothing in it."""
    from streamflow.jobs.history import restore_points
    from streamflow.jobs.planning import make_plans
    from streamflow.jobs.submission import _check_identity

    plan = make_plans(settings, ["transaction_processor"])["transaction_processor"]
    point = restore_points(settings, "transaction_processor")[0]
    _check_identity(plan, point)
    point.run.log_ids[TRANSACTIONS_RAW] = "another-id"
    with pytest.raises(InputError, match="was created anew"):
        _check_identity(plan, point)


def test_the_list_shows_every_job_as_json(jobs: FlinkClient) -> None:
    """For people in a table, for programs as JSON."""
    done = command("list", "--json")
    assert done.returncode == 0, done.stderr
    found = {job["job"]: job for job in json.loads(done.stdout)}
    assert list(found) == list(JOBS)
    assert {job["state"] for job in found.values()} == {"RUNNING"}
    assert all(job["checkpoints"] >= 1 and job["restore_point"] for job in found.values())
    table = command("list")
    assert table.returncode == 0
    assert table.stdout.count("RUNNING") == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("submit", "fraud-detectr"), "There is no job 'fraud-detectr'; did you mean 'fraud_detector'?"),
        (("stop", "everything"), "There is no job 'everything'"),
    ],
)
def test_a_wrong_name_gets_one_sentence(jobs: FlinkClient, words: tuple[str, ...], sentence: str) -> None:
    """No stack trace, exit code 2."""
    done = command(*words)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_submit_and_wait_work_from_the_command_line(settings: Settings, jobs: FlinkClient) -> None:
    """Both are safe to repeat."""
    done = command("submit", "all")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("already running") == 3
    waited = command("wait", "--deadline", "120")
    assert waited.returncode == 0, waited.stderr
    assert "drained" in waited.stdout
    assert [run.ended for run in runs(settings, "transaction_processor")][-1] is False


def test_no_job_runs_python_in_a_process_of_its_own(jobs: FlinkClient) -> None:
    """Process mode would be ten times slower; thread mode needs no worker processes."""
    import psutil

    workers = [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if any("beam" in word and "boot" in word for word in process.info["cmdline"] or [])
    ]
    assert workers == []
