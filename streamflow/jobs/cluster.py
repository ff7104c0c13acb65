"""Flink's REST interface, as far as the jobs need it. Times are wall clock, epoch milliseconds."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from streamflow.errors import EnvironmentNotReady, StreamFlowError
from streamflow.settings import Settings

ANSWER_S = 10.0
POLL_S = 0.25
ACTIVE = frozenset({"INITIALIZING", "CREATED", "RUNNING", "RESTARTING", "RECONCILING", "FAILING", "CANCELLING"})
"""States of a job that holds its name: a second submission of it would double its work."""


@dataclass(frozen=True)
class ClusterJob:
    """A job as the cluster knows it.

    Attributes:
        job_id: Flink's id, a new one at each submission.
        name: One of `plan.JOBS`, or a stranger's.
        state: Flink's state of it.
        started_ms: When it was submitted.
    """

    job_id: str
    name: str
    state: str
    started_ms: int

    @property
    def active(self) -> bool:
        """Whether it runs, or will by itself."""
        return self.state in ACTIVE


class Cluster:
    """The session cluster behind one REST address."""

    def __init__(self, settings: Settings) -> None:
        self.url = settings.flink.require().rstrip("/")

    def request(self, path: str, *, method: str = "GET", body: dict[str, Any] | None = None) -> Any:
        """Ask the job manager.

        Raises:
            EnvironmentNotReady: It does not answer.
            StreamFlowError: It refuses; with the first line of its reason.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        # S310 fears a file URL from a stranger; this address is the operator's own setting.
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise StreamFlowError(f"Flink refuses {method} {path}: {_reason(error.read())}") from None
        except OSError as error:
            raise EnvironmentNotReady(f"Flink at {self.url} does not answer ({error}): run 'streamflow up'.") from None
        return json.loads(text or b"{}")

    def jobs(self) -> list[ClusterJob]:
        """Return every job that the cluster remembers, newest first."""
        found = [
            ClusterJob(job["jid"], job["name"], job["state"], job["start-time"])
            for job in self.request("/jobs/overview")["jobs"]
        ]
        return sorted(found, key=lambda job: job.started_ms, reverse=True)

    def active(self) -> dict[str, ClusterJob]:
        """Return the active jobs by name, the newest of each."""
        return {job.name: job for job in reversed(self.jobs()) if job.active}

    def free_slots(self) -> int:
        """Return how many more subtasks the task managers can take."""
        return int(self.request("/overview")["slots-available"])

    def vertices(self, job_id: str) -> list[dict[str, Any]]:
        """Return the tasks of a job with their states and counts."""
        return list(self.request(f"/jobs/{job_id}")["vertices"])

    def running(self, job_id: str) -> bool:
        """Whether every task of a job runs; the job alone says RUNNING while its tasks still start."""
        tasks = self.vertices(job_id)
        return bool(tasks) and all(task["status"] == "RUNNING" for task in tasks)

    def state(self, job_id: str) -> str:
        """Return the state of a job."""
        return str(self.request(f"/jobs/{job_id}")["state"])

    def checkpoints(self, job_id: str) -> dict[str, Any]:
        """Return counts and the latest of a job's checkpoints."""
        return dict(self.request(f"/jobs/{job_id}/checkpoints"))

    def restarts(self, job_id: str) -> int:
        """Return how often a job was restarted since its submission: the attempts of its tasks.

        Flink's own count, the metric `numRestarts`, stands still after a task manager was killed, until a request to it
        has timed out (`web.timeout`).
        """
        vertices = self.request(f"/jobs/{job_id}")["vertices"]
        found = [self.request(f"/jobs/{job_id}/vertices/{vertex['id']}")["subtasks"] for vertex in vertices]
        return max((int(subtask["attempt"]) for subtasks in found for subtask in subtasks), default=0)

    def failure(self, job_id: str) -> str | None:
        """Return the root cause of a job's latest failure, as one line, None when there was none."""
        entries = self.request(f"/jobs/{job_id}/exceptions?maxExceptions=1")["exceptionHistory"]["entries"]
        return root_cause(entries[0]["stacktrace"]) if entries else None

    def cancel(self, job_id: str) -> None:
        """Ask a job to end without a savepoint."""
        self.request(f"/jobs/{job_id}?mode=cancel", method="PATCH")

    def stop(self, job_id: str, target: str, deadline_s: float) -> str:
        """Stop a job with a savepoint.

        Args:
            job_id: The job.
            target: Folder for the savepoint, as a URI.
            deadline_s: How long it may take.

        Returns:
            Where the savepoint is, as a URI.

        Raises:
            StreamFlowError: It failed, or took too long; the job then still runs.
        """
        body = {"targetDirectory": target, "drain": False}
        trigger = self.request(f"/jobs/{job_id}/stop", method="POST", body=body)["request-id"]
        deadline = time.monotonic() + deadline_s
        while time.monotonic() < deadline:
            answer = self.request(f"/jobs/{job_id}/savepoints/{trigger}")
            if answer["status"]["id"] == "COMPLETED":
                operation = answer["operation"]
                if "location" in operation:
                    return str(operation["location"])
                cause = root_cause(operation.get("failure-cause", {}).get("stack-trace", "no reason given"))
                raise StreamFlowError(f"Job {job_id} was not stopped: {cause}")
            time.sleep(POLL_S)
        raise StreamFlowError(f"Job {job_id} made no savepoint within {deadline_s:g} s; it still runs.")


def root_cause(trace: str) -> str:
    """Return the innermost cause of a Java stack trace, as one line."""
    lines = [line.strip() for line in trace.splitlines()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    first = next((line for line in lines if line), "no reason given")
    return (causes[-1] if causes else first)[:500]


def _reason(body: bytes) -> str:
    try:
        errors = json.loads(body)["errors"]
    except (ValueError, KeyError):
        return body.decode("utf-8", "replace")[:200]
    return root_cause("\n".join(str(error) for error in errors))
