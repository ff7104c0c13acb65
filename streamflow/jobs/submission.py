"""Submit, stop, resume and list the jobs. The cluster runs them; this only tells it what to do.

A submission goes on from the newest savepoint or retained checkpoint of that job, if there is one: state and offsets
then agree. Without one it reads the log from its beginning, never from committed offsets, which know nothing of state.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamflow.errors import EnvironmentNotReady, InputError, StreamFlowError
from streamflow.jobs.cluster import Cluster, root_cause
from streamflow.jobs.history import RestorePoint, remember, remember_end, restore_points, runs, savepoint_dir
from streamflow.jobs.plan import JOBS, Plan, write_plan
from streamflow.jobs.planning import forget_progress, make_plans, record_start
from streamflow.log import get_logger
from streamflow.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

START_S = 300.0
STOP_S = 120.0
POLL_S = 0.25
_JOB_ID = re.compile(r"JobID ([0-9a-f]{32})")


@dataclass(frozen=True)
class FlinkClient:
    """The `flink` command, and the environment that it and the Python inside it need.

    `streamflow.cli.jobs.client` makes one from the local platform.
    """

    program: Path
    env: Mapping[str, str]


@dataclass(frozen=True)
class Submission:
    """What became of one job.

    Attributes:
        job: Its name.
        job_id: Flink's id of it.
        already_running: It ran before, and was left alone.
        restored_from: The state it went on from, None for the beginning of the log.
    """

    job: str
    job_id: str
    already_running: bool = False
    restored_from: Path | None = None


@dataclass(frozen=True)
class JobStatus:
    """One line of `jobs list`; counts are of the current run, times are epoch seconds."""

    job: str
    state: str
    job_id: str | None = None
    since: float | None = None
    restarts: int = 0
    checkpoints: int = 0
    last_checkpoint: float | None = None
    restored_from: str | None = None
    restore_point: str | None = None
    failure: str | None = None


def submit(
    settings: Settings, client: FlinkClient, jobs: Sequence[str] = JOBS, *, fresh: bool = False, resume: bool = False
) -> list[Submission]:
    """Start jobs, all at the same time, and wait until each of their tasks runs.

    Args:
        settings: Where the servers are.
        client: The `flink` command.
        jobs: Names of `plan.JOBS`.
        fresh: Ignore savepoints and checkpoints and read the log from its beginning.
        resume: Refuse a job that has nothing to go on from.

    Returns:
        One entry a job, in their order; a job that runs already is left alone.

    Raises:
        InputError: Nothing to resume from, or the topics are not those of the restore point.
        EnvironmentNotReady: A server, a topic, a rule set or a slot is missing.
        StreamFlowError: The cluster refused a job, or it did not start.
    """
    cluster = Cluster(settings)
    active = cluster.active()
    wanted = [job for job in jobs if job not in active]
    done = {job: Submission(job, active[job].job_id, already_running=True) for job in jobs if job in active}
    if wanted:
        points = {job: None if fresh else _restore_point(settings, job, required=resume) for job in wanted}
        plans = make_plans(settings, wanted)
        for job, plan in plans.items():
            _check_identity(plan, points[job])
        _check_builds(settings, plans, active)
        _check_slots(cluster, plans)
        for job, plan in plans.items():
            record_start(settings, plan)
            if points[job] is None:
                forget_progress(settings, plan)
        ids = _run_clients(settings, client, plans, points)
        for job, job_id in ids.items():
            point = points[job]
            remember(settings, plans[job], job_id, None if point is None else point.path)
            done[job] = Submission(job, job_id, restored_from=None if point is None else point.path)
        for job, job_id in ids.items():
            _wait_running(cluster, job, job_id)
    return [done[job] for job in jobs]


def stop(settings: Settings, jobs: Sequence[str], deadline_s: float = STOP_S) -> dict[str, str]:
    """Stop jobs with a savepoint each, which a later submission goes on from.

    Returns:
        The savepoint of each job, as a URI.

    Raises:
        InputError: A job does not run.
        StreamFlowError: A savepoint failed; that job still runs.
    """
    cluster = Cluster(settings)
    active = cluster.active()
    for job in jobs:
        if job not in active:
            raise InputError(f"The job {job} does not run, so there is nothing to stop: see 'streamflow jobs list'.")
    made = {}
    for job in jobs:
        job_id = active[job].job_id
        made[job] = cluster.stop(job_id, savepoint_dir(settings, job), deadline_s)
        remember_end(settings, job, job_id, made[job])
        _wait_ended(cluster, job, job_id, deadline_s)
        get_logger(job=job).info("stopped", savepoint=made[job])
    return made


def cancel(settings: Settings, jobs: Sequence[str], deadline_s: float = STOP_S) -> list[str]:
    """End jobs without a savepoint; their last checkpoints stay. Returns those that ran."""
    cluster = Cluster(settings)
    active = cluster.active()
    ended = [job for job in jobs if job in active]
    for job in ended:
        cluster.cancel(active[job].job_id)
        remember_end(settings, job, active[job].job_id)
    for job in ended:
        _wait_ended(cluster, job, active[job].job_id, deadline_s)
    return ended


def lost(settings: Settings) -> list[str]:
    """Return the jobs that should run and do not: a job manager that died takes its jobs with it."""
    active = Cluster(settings).active()
    return [job for job in JOBS if job not in active and (past := runs(settings, job)) and not past[-1].ended]


def recover(settings: Settings, client: FlinkClient) -> list[Submission]:
    """Submit lost jobs again, from their newest retained checkpoints; does nothing when none is lost."""
    jobs = lost(settings)
    return submit(settings, client, jobs) if jobs else []


def status(settings: Settings) -> list[JobStatus]:
    """Return the state of each job: Flink's while the cluster knows it, else LOST, ENDED or NOT SUBMITTED."""
    cluster = Cluster(settings)
    known = {job.name: job for job in reversed(cluster.jobs())} | cluster.active()
    return [_status(settings, cluster, job, known.get(job)) for job in JOBS]


def _status(settings: Settings, cluster: Cluster, job: str, found: Any) -> JobStatus:
    past = runs(settings, job)
    points = restore_points(settings, job)
    point = str(points[0].path) if points else None
    if found is None or (past and past[-1].job_id != found.job_id and not found.active):
        state = "NOT SUBMITTED" if not past else "ENDED" if past[-1].ended else "LOST"
        return JobStatus(job, state, past[-1].job_id if past else None, restore_point=point)
    facts = cluster.checkpoints(found.job_id)
    latest = facts["latest"].get("completed")
    mine = next((run for run in past if run.job_id == found.job_id), None)
    return JobStatus(
        job,
        found.state,
        found.job_id,
        found.started_ms / 1000,
        cluster.restarts(found.job_id) if found.active else 0,
        facts["counts"]["completed"],
        latest["latest_ack_timestamp"] / 1000 if latest else None,
        None if mine is None else mine.restored_from,
        point,
        cluster.failure(found.job_id),
    )


def _restore_point(settings: Settings, job: str, *, required: bool) -> RestorePoint | None:
    points = restore_points(settings, job)
    if required and not points:
        raise InputError(
            f"The job {job} has no savepoint and no checkpoint to resume from: 'streamflow jobs submit {job}'."
        )
    return points[0] if points else None


def _check_identity(plan: Plan, point: RestorePoint | None) -> None:
    """Refuse state of another log: its offsets would mean other records."""
    if point is None:
        return
    for topic in plan.topics:
        known = point.run.log_ids.get(topic.name)
        if known is not None and known != topic.log_id:
            raise InputError(
                f"The topic {topic.name} was created anew since {point.path.name} of {plan.job} was made (its id was "
                f"{known}, now {topic.log_id}): submit with --fresh to read the new log from its beginning."
            )


def _check_builds(settings: Settings, plans: Mapping[str, Plan], active: Mapping[str, Any]) -> None:
    """Refuse to judge one log by two builds of the contracts at the same time."""
    build = next(iter(plans.values())).contract_build
    for job in active.keys() & set(JOBS):
        for run in runs(settings, job):
            if run.job_id == active[job].job_id and run.contract_build != build:
                raise EnvironmentNotReady(
                    f"The contracts changed since {job} was submitted (build {run.contract_build[:12]}, now "
                    f"{build[:12]}): 'streamflow jobs stop all', then submit all of them."
                )


def _check_slots(cluster: Cluster, plans: Mapping[str, Plan]) -> None:
    needed = sum(plan.parallelism for plan in plans.values())
    deadline = time.monotonic() + START_S / 2
    while (free := cluster.free_slots()) < needed:
        # Task managers that were just started, or whose job just ended, offer their slots a moment later.
        if time.monotonic() > deadline:
            raise EnvironmentNotReady(
                f"Flink has {free} free slots, {needed} are needed: set STREAMFLOW_FLINK__TASKMANAGERS higher and run "
                f"'streamflow down' and 'streamflow up', or stop another job."
            )
        time.sleep(POLL_S)


def _run_clients(
    settings: Settings, client: FlinkClient, plans: Mapping[str, Plan], points: Mapping[str, RestorePoint | None]
) -> dict[str, str]:
    """Run one `flink run` a job side by side; each takes seconds, most of them to plan in a fresh JVM."""
    started = {}
    for job, plan in plans.items():
        folder = settings.state / "jobs"
        write_plan(plan, folder / "plans" / f"{job}.json")
        point, log = points[job], folder / f"submit-{job}.log"
        restore = [] if point is None else ["-s", point.path.as_uri()]
        command = [str(client.program), "run", "-d", *restore, "-py", str(Path(__file__).with_name("entry.py"))]
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*command, str(folder / "plans" / f"{job}.json")],
                env=dict(client.env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=settings.state,
            )
        started[job] = (process, log)
    return {job: _job_id(job, process, log) for job, (process, log) in started.items()}


def _job_id(job: str, process: subprocess.Popen[bytes], log: Path) -> str:
    try:
        process.wait(START_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise EnvironmentNotReady(f"'flink run' of {job} did not end within {START_S:g} s; see {log}.") from None
    text = log.read_text(encoding="utf-8", errors="replace")
    found = _JOB_ID.search(text)
    if process.returncode or not found:
        lines = [line for line in text.splitlines() if line.startswith(("streamflow.errors.", "py4j.", "pyflink."))]
        cause = lines[-1].partition(": ")[2] if lines else root_cause(text)
        raise StreamFlowError(f"The job {job} could not be submitted: {cause} (all of it in {log})")
    get_logger(job=job).info("submitted", job_id=found[1])
    return found[1]


def _wait_running(cluster: Cluster, job: str, job_id: str) -> None:
    deadline = time.monotonic() + START_S
    while not cluster.running(job_id):
        state = cluster.state(job_id)
        if state in ("FAILED", "CANCELED", "FINISHED") or time.monotonic() > deadline:
            cause = cluster.failure(job_id) or "no failure is recorded"
            raise StreamFlowError(f"The job {job} is {state} instead of running: {cause}")
        time.sleep(POLL_S)


def _wait_ended(cluster: Cluster, job: str, job_id: str, deadline_s: float) -> None:
    deadline = time.monotonic() + deadline_s
    while cluster.state(job_id) not in ("FINISHED", "CANCELED", "FAILED"):
        if time.monotonic() > deadline:
            raise StreamFlowError(f"The job {job} has not ended within {deadline_s:g} s.")
        time.sleep(POLL_S)
