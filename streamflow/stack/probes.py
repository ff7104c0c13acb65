"""Health checks: each asks a server for something that only a ready one can answer, and says in words what is wrong."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 3.0


class Unhealthy(Exception):
    """Why a server is not ready, in words for `streamflow status`."""


def get_json(url: str, *, timeout_s: float = TIMEOUT_S) -> Any:
    """Return the JSON that a GET gives.

    Raises:
        Unhealthy: No connection, a status other than 200 or 201, or no JSON.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.request("GET", parts.path)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise Unhealthy(f"no answer on port {parts.port} ({type(error).__name__})") from error
    finally:
        connection.close()
    if response.status not in (http.client.OK, http.client.CREATED):
        raise Unhealthy(f"{parts.path} answers with status {response.status}")
    try:
        return json.loads(body)
    except ValueError as error:
        raise Unhealthy(f"{parts.path} answers with something other than JSON") from error


class KafkaProbe:
    """The broker lists itself: it is no longer fenced and can take topics."""

    def __init__(self, servers: str) -> None:
        self._servers = servers
        self._client: Any = None

    def __call__(self, started: float) -> None:
        """Raise `Unhealthy` unless the broker is ready."""
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        if self._client is None:
            quiet = {"log_level": 0, "logger": _silent(), "socket.timeout.ms": 3000, "reconnect.backoff.max.ms": 1000}
            self._client = AdminClient({"bootstrap.servers": self._servers, **quiet})
        try:
            brokers = self._client.list_topics(timeout=TIMEOUT_S).brokers
        except KafkaException as error:
            raise Unhealthy(f"no metadata ({error.args[0].name()})") from error
        if not brokers:
            raise Unhealthy("the broker is still fenced")


Check = Callable[[float], None]
"""Raises `Unhealthy`; takes when the process began, seconds since the epoch: news of its predecessor does not count."""


def _silent() -> Any:
    import logging

    logger = logging.getLogger("streamflow.stack.probe")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger


def postgres(dsn: str) -> Check:
    """Return a check that a new connection answers a query."""

    def check(started: float) -> None:
        import psycopg

        try:
            with psycopg.connect(dsn, connect_timeout=3) as connection:
                connection.execute("SELECT 1")
        except psycopg.Error as error:
            raise Unhealthy(str(error).splitlines()[0] if str(error) else type(error).__name__) from error

    return check


def jobmanager(url: str) -> Check:
    """Return a check that the REST interface answers with the cluster's overview."""

    def check(started: float) -> None:
        get_json(f"{url}/overview")

    return check


def taskmanager(argument: str) -> Check:
    """Return a check that the job manager knows this task manager and its slot.

    Args:
        argument: The REST address, a blank, and the task manager's resource id.
    """
    url, name = argument.split(" ")

    def check(started: float) -> None:
        entries = {entry["id"]: entry for entry in get_json(f"{url}/taskmanagers")["taskmanagers"]}
        mine = entries.get(name)
        # A task manager is listed before its slots are; the field that says "since" holds the moment of the last beat.
        if not mine or not mine["slotsNumber"] or mine["timeSinceLastHeartbeat"] / 1000 < started:
            raise Unhealthy("not registered with the job manager")

    return check


def airflow(argument: str) -> Check:
    """Return a check of one Airflow component.

    Args:
        argument: The API address, a blank, and the component's name in the health report; "api" for the server itself.
    """
    url, component = argument.split(" ")

    def check(started: float) -> None:
        report = get_json(f"{url}/api/v2/monitor/health")
        if component == "api":
            return
        beat = report[component][f"latest_{component}_heartbeat"]
        if report[component]["status"] != "healthy" or datetime.fromisoformat(beat).timestamp() < started:
            raise Unhealthy(f"last heartbeat {beat or 'never'}")

    return check


PROBES: dict[str, Callable[[str], Check]] = {
    "kafka": KafkaProbe,
    "postgres": postgres,
    "jobmanager": jobmanager,
    "taskmanager": taskmanager,
    "airflow": airflow,
}
