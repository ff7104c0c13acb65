"""How far the jobs are, by the offsets that their checkpoints committed; a run is drained when nothing is left.

A committed offset means more than "read": the checkpoint behind it flushed every sink first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping

from streamflow import broker
from streamflow.broker import Offsets, Place
from streamflow.contracts.names import FRAUD_RULES, SOURCE_TOPICS, TRANSACTIONS_RAW
from streamflow.errors import EnvironmentNotReady, StreamFlowError
from streamflow.jobs.cluster import Cluster
from streamflow.jobs.history import runs
from streamflow.jobs.plan import FRAUD_DETECTOR, JOBS, TRANSACTION_PROCESSOR, group_of
from streamflow.settings import Settings

POLL_S = 0.3
RECOVERY_S = 180.0
"""How long a job may be away that nobody ended: a job manager that died takes its jobs with it until it is back."""


def source_topics(job: str) -> tuple[str, ...]:
    """Return the topics whose records a job commits, those of the plan first.

    That the detector committed a rule record means that each of its subtasks has it in its book.
    """
    if job == TRANSACTION_PROCESSOR:
        return SOURCE_TOPICS
    return (TRANSACTIONS_RAW, FRAUD_RULES) if job == FRAUD_DETECTOR else (TRANSACTIONS_RAW,)


def end_offsets(settings: Settings, topics: Iterable[str] = SOURCE_TOPICS) -> Offsets:
    """Return the offset behind the newest record of each partition."""
    return broker.offsets(settings, topics, "latest")


def start_offsets(settings: Settings, topics: Iterable[str] = SOURCE_TOPICS) -> Offsets:
    """Return the offset of the oldest record of each partition."""
    return broker.offsets(settings, topics, "earliest")


def committed_offsets(settings: Settings, job: str) -> Offsets:
    """Return what a job's checkpoints have committed; a partition it never read is missing."""
    return broker.committed_offsets(settings, group_of(job))


def lag(settings: Settings, job: str, ends: Mapping[Place, int]) -> int:
    """Return how many records of `ends` a job has not committed yet; an empty partition counts nothing."""
    topics = source_topics(job)
    mine = {place: end for place, end in ends.items() if place[0] in topics}
    starts = start_offsets(settings, topics)
    done = committed_offsets(settings, job)
    return sum(max(0, end - max(done.get(place, 0), starts[place])) for place, end in mine.items())


def wait_drained(
    settings: Settings,
    deadline_s: float = 600.0,
    jobs: Iterable[str] = JOBS,
    report: Callable[[dict[str, int]], None] | None = None,
) -> Offsets:
    """Wait until the jobs have committed everything that is in their topics now, and what they made of it.

    Call it when the producers are done. First every job reaches the end of its topics; then the processor reaches the
    end of what the detector wrote meanwhile.

    Args:
        settings: Where Kafka and Flink are.
        deadline_s: How long both together may take, seconds.
        jobs: Which jobs to wait for.
        report: Called with the lag by job at each look, for a progress bar.

    Returns:
        The end offsets that were reached.

    Raises:
        StreamFlowError: A job has ended, or the deadline passed; the sentence says which job lags by how much.
    """
    deadline = time.monotonic() + deadline_s
    waited = tuple(jobs)
    _wait(settings, waited, end_offsets(settings), deadline=deadline, report=report)
    ends = end_offsets(settings)
    if TRANSACTION_PROCESSOR in waited:
        _wait(settings, (TRANSACTION_PROCESSOR,), ends, deadline=deadline, report=report)
    return ends


def _wait(
    settings: Settings,
    jobs: tuple[str, ...],
    ends: Offsets,
    *,
    deadline: float,
    report: Callable[[dict[str, int]], None] | None,
) -> None:
    cluster, seen = Cluster(settings), dict.fromkeys(jobs, time.monotonic())
    while True:
        lags = {job: lag(settings, job, ends) for job in jobs}
        if report is not None:
            report(lags)
        behind = {job: count for job, count in lags.items() if count}
        if not behind:
            return
        active = _active(cluster)
        for job, count in behind.items():
            if job in active:
                seen[job] = time.monotonic()
            elif _ended(settings, job) or time.monotonic() - seen[job] > RECOVERY_S:
                raise StreamFlowError(
                    f"The job {job} does not run and lags by {count} records: see 'streamflow jobs list'."
                )
        if time.monotonic() > deadline:
            worst = max(behind, key=lambda job: behind[job])
            raise StreamFlowError(f"Not drained within the deadline: {worst} still lags by {behind[worst]} records.")
        time.sleep(POLL_S)


def _active(cluster: Cluster) -> Collection[str]:
    """Return the names of the jobs that run; none while the job manager does not answer."""
    try:
        return cluster.active()
    except EnvironmentNotReady:
        return ()


def _ended(settings: Settings, job: str) -> bool:
    """Tell whether somebody stopped a job, or nobody ever started it; it will not come back by itself."""
    past = runs(settings, job)
    return not past or past[-1].ended
