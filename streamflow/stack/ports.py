"""Ports on loopback: the preferred one, else the next free one, kept from start to start.

A chosen port is reserved against a platform of another checkout that starts in the same second: an abstract Unix
socket named after the port is held as long as the supervisor lives. It is no file, so nothing is left behind.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
from pathlib import Path

import psutil

from streamflow.errors import EnvironmentNotReady
from streamflow.settings import Settings

LOOPBACK = "127.0.0.1"

PREFERRED = {
    "kafka": 19092,
    "kafka_controller": 19093,
    "flink": 18081,
    "flink_rpc": 16123,
    "postgres": 15432,
    "airflow": 18080,
}
"""Away from each server's usual port, which a server of the machine may hold or want."""

TRIES = 400


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def holder(port: int) -> str:
    """Say who listens on a port, as "java (pid 12)", as far as this user may know."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                if connection.pid:
                    return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
                break
    except psutil.Error:
        pass
    return "another process"


def _reserve(port: int) -> socket.socket | None:
    """Return the reservation of a port, or None when another platform has it."""
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if sys.platform != "linux":
        return claim
    try:
        claim.bind(f"\0streamflow-port-{port}")
    except OSError:
        claim.close()
        return None
    return claim


def given_ports(settings: Settings) -> dict[str, int]:
    """Return the ports that the user set."""
    given = {
        "kafka": settings.kafka.port,
        "kafka_controller": settings.kafka.controller_port,
        "flink": settings.flink.port,
        "postgres": settings.postgres.port,
        "airflow": settings.airflow.port,
    }
    return {name: port for name, port in given.items() if port is not None}


def _remembered(record: Path) -> dict[str, int]:
    try:
        kept = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: port for name, port in kept.items() if name in PREFERRED and isinstance(port, int)}


def choose(settings: Settings, record: Path) -> tuple[dict[str, int], list[socket.socket]]:
    """Choose a port for each server and remember it.

    Args:
        settings: Ports that the user set are taken as they are.
        record: Where the ports of the last start stand; written anew.

    Returns:
        The ports by name, and the reservations to hold while the platform runs.

    Raises:
        EnvironmentNotReady: A port that the user set is taken.
    """
    kept, given = _remembered(record), given_ports(settings)
    chosen: dict[str, int] = {}
    claims: list[socket.socket] = []
    # Who cannot have all of them lets go of those reserved so far.
    with contextlib.ExitStack() as reserved:
        for name, preferred in PREFERRED.items():
            wanted = given.get(name)
            # PostgreSQL's port also comes through the endpoints record of the last start, which is no wish of a user's.
            if wanted is not None and wanted != kept.get(name):
                claim = _reserve(wanted) if is_free(wanted) else None
                if claim is None:
                    raise EnvironmentNotReady(
                        f"Port {wanted}, set for {name}, is taken by {holder(wanted)}: stop that, or set "
                        f"STREAMFLOW_{_variable(name)} to a free one such as {_next_free(wanted + 1, chosen)}."
                    )
                port = wanted
            else:
                port, claim = _first_free(kept.get(name, preferred), preferred, set(chosen.values()))
            chosen[name] = port
            claims.append(reserved.enter_context(claim))
        record.write_text(json.dumps(chosen, indent=1), encoding="utf-8")
        reserved.pop_all()
    return chosen, claims


def _variable(name: str) -> str:
    return "KAFKA__CONTROLLER_PORT" if name == "kafka_controller" else f"{name.upper()}__PORT"


def _next_free(start: int, chosen: dict[str, int]) -> int:
    return next(port for port in range(start, 65536) if port not in chosen.values() and is_free(port))


def _first_free(first: int, preferred: int, taken: set[int]) -> tuple[int, socket.socket]:
    # Steps of ten, so that the ports of one platform share their last digit.
    for port in (first, *range(preferred, preferred + 10 * TRIES, 10)):
        if port in taken or not is_free(port):
            continue
        claim = _reserve(port)
        if claim is not None:
            return port, claim
    raise EnvironmentNotReady(f"No free port from {preferred} upwards: stop what holds them, or set one yourself.")
