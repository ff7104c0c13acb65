"""Airflow through its REST API: unpause, trigger, wait, and say in one sentence why a run failed.

The command line of Airflow costs 6 to 17 s a call; the API answers at once.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from streamflow.errors import EnvironmentNotReady, StreamFlowError
from streamflow.settings import Settings

if TYPE_CHECKING:
    import httpx

FINISHED: Final = frozenset({"success", "failed"})
POLL_S: Final = 0.5
PARSE_DEADLINE_S: Final = 120.0
"""The DAG processor needs a while from its start until it has read the folder."""

_NO_STACK: Final = re.compile(
    r"^(?:[\w.]+\.)?(?:AirflowFailException|[A-Z]\w*(?:Error|Exception|Violation|NotReady)): "
)


class DagRunFailed(StreamFlowError):
    """A DAG run ended otherwise than in success."""


@dataclass(frozen=True)
class DagRun:
    """One run of a DAG.

    Attributes:
        state: As Airflow names it: queued, running, success or failed.
        seconds: From start to end, 0 while it has none.
        detail: The sentence of the first failed task, empty when none failed.
    """

    dag_id: str
    run_id: str
    state: str
    seconds: float = 0.0
    detail: str = ""


class AirflowApi:
    """A session with the API server; use it in a `with`.

    Args:
        settings: Says where Airflow is.
        timeout_s: Of one request.
    """

    def __init__(self, settings: Settings, timeout_s: float = 30.0) -> None:
        self._url = settings.airflow.require().rstrip("/")
        self._timeout_s = timeout_s
        self._http: httpx.Client | None = None

    def __enter__(self) -> Self:
        import httpx

        # Loopback is never behind a proxy, whatever the environment says.
        self._http = httpx.Client(base_url=self._url, timeout=self._timeout_s, trust_env=False)
        token = self._request("GET", "/auth/token")["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            self._http.close()

    def dag_ids(self) -> list[str]:
        """Return the DAGs that Airflow has parsed."""
        return sorted(dag["dag_id"] for dag in self._request("GET", "/api/v2/dags")["dags"])

    def import_errors(self) -> list[str]:
        """Return a line a DAG file that does not import."""
        errors = self._request("GET", "/api/v2/importErrors")["import_errors"]
        return [f"{error['filename']}: {str(error['stack_trace']).strip().splitlines()[-1]}" for error in errors]

    def await_parsed(self, dag_id: str, deadline_s: float = PARSE_DEADLINE_S) -> None:
        """Wait until Airflow has parsed a DAG.

        Raises:
            EnvironmentNotReady: It is still unknown at the deadline.
        """
        deadline = time.monotonic() + deadline_s
        while dag_id not in self.dag_ids():
            if time.monotonic() > deadline:
                broken = "; ".join(self.import_errors()) or "no file of the folder has an import error"
                raise EnvironmentNotReady(f"Airflow has not parsed the DAG '{dag_id}' in {deadline_s:.0f} s: {broken}.")
            time.sleep(POLL_S)

    def unpause(self, dag_id: str, deadline_s: float = PARSE_DEADLINE_S) -> None:
        """Let a DAG run, waiting until Airflow has parsed it.

        Raises:
            EnvironmentNotReady: It is still unknown at the deadline.
        """
        self.await_parsed(dag_id, deadline_s)
        self._request("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": False})

    def trigger(self, dag_id: str, run_id: str | None = None, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run without a logical date; return its id.

        Args:
            dag_id: Which DAG.
            run_id: A name for the run; Airflow makes one when not given.
            conf: Parameters of the run; what is not named keeps the DAG's default.

        Raises:
            EnvironmentNotReady: Airflow refuses a parameter, with its own words.
        """
        body: dict[str, Any] = {"logical_date": None, "conf": dict(conf or {})}
        if run_id:
            body["dag_run_id"] = run_id
        return str(self._request("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=body)["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> DagRun:
        """Return a run as it is now."""
        found = self._request("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")
        detail = self._failure(dag_id, run_id) if found["state"] == "failed" else ""
        return DagRun(dag_id, run_id, str(found["state"]), float(found.get("duration") or 0.0), detail)

    def wait(self, dag_id: str, run_id: str, deadline_s: float) -> DagRun:
        """Wait until a run has ended.

        Returns:
            The run, successful or failed.

        Raises:
            EnvironmentNotReady: It has not ended at the deadline.
        """
        deadline = time.monotonic() + deadline_s
        while (found := self.run(dag_id, run_id)).state not in FINISHED:
            if time.monotonic() > deadline:
                raise EnvironmentNotReady(
                    f"The run {run_id} of {dag_id} is still {found.state} after {deadline_s:.0f} s; "
                    "'streamflow status' says whether the scheduler is healthy."
                )
            time.sleep(POLL_S)
        return found

    def complete(self, dag_id: str, deadline_s: float, run_id: str | None = None) -> DagRun:
        """Unpause a DAG, run it once, and wait for its success.

        Raises:
            DagRunFailed: The run failed; the sentence is the failed task's.
            EnvironmentNotReady: It did not end in time.
        """
        self.unpause(dag_id)
        found = self.wait(dag_id, self.trigger(dag_id, run_id), deadline_s)
        if found.state != "success":
            raise DagRunFailed(f"The run {found.run_id} of {dag_id} failed: {found.detail}")
        return found

    def _failure(self, dag_id: str, run_id: str) -> str:
        """Return why the first failed task failed, in its own words."""
        base = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        for task in self._request("GET", base)["task_instances"]:
            if task["state"] == "failed":
                log = self._request("GET", f"{base}/{task['task_id']}/logs/{task['try_number']}?full_content=true")
                return f"{task['task_id']}: {_sentence(log.get('content', []))}"
        return "no task of it failed."

    def _request(self, method: str, path: str, **options: Any) -> Any:
        import httpx

        if self._http is None:
            raise RuntimeError("Use AirflowApi in a 'with' statement.")
        try:
            answer = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise EnvironmentNotReady(f"Airflow at {self._url} does not answer: {error}.") from error
        if answer.is_error:
            raise EnvironmentNotReady(
                f"Airflow at {self._url} answers {answer.status_code} to {method} {path}: {_reason(answer)}"
            )
        return answer.json() if answer.content else {}


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("detail", ""))
    except ValueError:
        return answer.text[:200]


def _sentence(content: Any) -> str:
    """Return the message of the newest exception in a task's structured log, without type and stack."""
    entries = [entry for entry in content if isinstance(entry, dict)]
    for entry in reversed(entries):
        for detail in reversed(entry.get("error_detail") or []):
            if detail.get("exc_value"):
                return str(detail["exc_value"])
    for entry in reversed(entries):
        if entry.get("level") in {"error", "critical"}:
            return _NO_STACK.sub("", str(entry.get("event", "")))
    return "its log names no error."
