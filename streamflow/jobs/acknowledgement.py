"""Whether every subtask of the running detector has a record of fraud-rules.

Each subtask counts up to the offset after the record that it judged last (see `detection.RULES_POSITION`), and Flink's
REST interface tells that count by subtask. A subtask that was restarted says 0 until its first record, because it can
read its broadcast state no earlier; it learns the rules again before it decides anything.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from streamflow.errors import StreamFlowError
from streamflow.jobs.cluster import Cluster
from streamflow.jobs.plan import FRAUD_DETECTOR, HELD_BACK, RULES_POSITION, RULES_REFUSED, VALVE_SHUT
from streamflow.rules.model import RULES
from streamflow.settings import Settings

POLL_S = 0.1
FETCHED_S = 0.6
"""Flink answers with what it fetched upon an earlier question, and fetches at most so often (stack/flink.py)."""


@dataclass(frozen=True)
class Subtasks:
    """What the subtasks of the running detector say.

    Attributes:
        job_id: Flink's id of the job; None when no detector runs.
        positions: By subtask, the offset after the newest record of fraud-rules that it judged.
        refused: By subtask, the offset after the newest record that it refused; 0 when it refused none.
        held_back: Alerts held back from delivery by rule, all subtasks together, since the job's last restart.
        shut: Rules whose alerts some subtask holds back now.
        expected: Subtasks that the job has.
    """

    job_id: str | None = None
    positions: tuple[int, ...] = ()
    refused: tuple[int, ...] = ()
    held_back: tuple[tuple[str, int], ...] = ()
    shut: tuple[str, ...] = ()
    expected: int = 0

    def have(self, offset: int) -> int:
        """Return how many subtasks have judged the record at an offset."""
        return sum(position > offset for position in self.positions)

    def missing(self, offset: int) -> tuple[int, ...]:
        """Return the subtasks, from 0, that have not judged it."""
        known = dict(enumerate(self.positions))
        return tuple(number for number in range(self.expected) if known.get(number, 0) <= offset)

    def said(self, offset: int) -> str:
        """Return how many have it, in words."""
        if self.job_id is None:
            return "no detector is running"
        return f"{self.have(offset)} of {self.expected} subtasks have it"


def ask_anew(settings: Settings) -> Subtasks:
    """Ask the running detector twice, since the first answer may be as old as the last question of anybody.

    Raises:
        EnvironmentNotReady: Flink does not answer.
    """
    told = ask(settings)
    if told.job_id is not None:
        time.sleep(FETCHED_S)
        ask(settings)
        time.sleep(POLL_S)
        told = ask(settings)
    return told


def ask(settings: Settings) -> Subtasks:
    """Ask the running detector; the answer is that of the newest fetch.

    Raises:
        EnvironmentNotReady: Flink does not answer.
    """
    if not settings.flink.rest_url:
        return Subtasks()
    cluster = Cluster(settings)
    job = cluster.active().get(FRAUD_DETECTOR)
    if job is None:
        return Subtasks()
    try:
        return _ask(cluster, job.job_id)
    except StreamFlowError as error:
        if error.exit_code != 1:
            raise
        # The job ended, or has not been deployed, between two questions.
        return Subtasks(job.job_id)


def _ask(cluster: Cluster, job_id: str) -> Subtasks:
    for vertex in cluster.vertices(job_id):
        path = f"/jobs/{job_id}/vertices/{vertex['id']}/metrics"
        names = [str(one["id"]) for one in cluster.request(path)]
        mine = [name for name in names if name.endswith(RULES_POSITION)]
        if mine:
            ours = (RULES_POSITION, RULES_REFUSED, VALVE_SHUT)
            wanted = [name for name in names if name.endswith(ours) or HELD_BACK in name]
            values = {one["id"]: int(float(one["value"])) for one in cluster.request(f"{path}?get={','.join(wanted)}")}
            return subtasks_from(job_id, int(vertex["parallelism"]), values)
    expected = max((int(vertex["parallelism"]) for vertex in cluster.vertices(job_id)), default=0)
    return Subtasks(job_id, expected=expected)


def subtasks_from(job_id: str, expected: int, values: dict[str, int]) -> Subtasks:
    """Return what the metrics of a job say, by `<subtask>.<operator>.<metric>`; a subtask without any says 0."""

    def of(metric: str) -> tuple[int, ...]:
        """Return a metric by subtask; its id is `<subtask>.<operator>.<metric>`."""
        found = {int(name.partition(".")[0]): value for name, value in values.items() if name.endswith(metric)}
        return tuple(found.get(number, 0) for number in range(expected))

    held = {rule: sum(of(HELD_BACK + rule)) for rule in RULES}
    bits = of(VALVE_SHUT)
    return Subtasks(
        job_id=job_id,
        positions=of(RULES_POSITION),
        refused=of(RULES_REFUSED),
        held_back=tuple((rule, count) for rule, count in held.items() if count),
        shut=tuple(rule for place, rule in enumerate(RULES) if any(shut >> place & 1 for shut in bits)),
        expected=expected,
    )


def wait_for(
    settings: Settings, offset: int, deadline_s: float, on_progress: Callable[[Subtasks], None] | None = None
) -> Subtasks:
    """Wait until every subtask has judged the record at an offset.

    Args:
        settings: Say where Flink is.
        offset: Of the record on fraud-rules.
        deadline_s: How long to wait, seconds.
        on_progress: Called with each answer.

    Returns:
        The last answer; without a running detector the first.

    Raises:
        StreamFlowError: Some subtask has not judged it in time; the sentence names them.
        EnvironmentNotReady: Flink does not answer.
    """
    deadline = time.monotonic() + deadline_s
    while True:
        told = ask(settings)
        if on_progress is not None:
            on_progress(told)
        missing = told.missing(offset)
        if told.job_id is None or (told.expected and not missing):
            return told
        if time.monotonic() > deadline:
            names = ", ".join(str(number) for number in missing) or "all of them"
            raise StreamFlowError(
                f"The record at offset {offset} is published, but after {deadline_s:g} s {told.said(offset)}; missing: "
                f"subtask {names}. See 'streamflow jobs list', then 'streamflow rules list'."
            )
        time.sleep(POLL_S)
