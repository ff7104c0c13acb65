"""What tests know of the servers: how the demonstration ran, and a way in that the platform gives to nobody else."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg

from streamflow.settings import Settings
from streamflow.stack.platform import Platform
from streamflow.stack.process import MARK, ProcessStatus

DEMO_PURCHASES = 3000
PATIENCE_S = 120.0
SMALL = frozenset({"kafka", "flink", "airflow"})
"""What a platform leaves out that is to start quickly: PostgreSQL alone shows how processes are kept."""


def superuser(settings: Settings, database: str = "postgres") -> psycopg.Connection[Any]:
    """Connect as the one user whom no privilege and no trigger stops, to prepare and to inspect."""
    host, port = settings.postgres.address()
    password = settings.postgres.password("superuser")
    return psycopg.connect(
        host=host, port=port, user="postgres", password=password, dbname=database, autocommit=True, connect_timeout=5
    )


def until(condition: Callable[[], object], message: str) -> None:
    """Poll until the condition holds; fail with the message after `PATIENCE_S`."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, message
        time.sleep(0.2)


def process(platform: Platform, name: str) -> ProcessStatus:
    """Return what is known about one process."""
    return next(entry for entry in platform.status() if entry.name == name)


def kill(platform: Platform, name: str) -> int:
    """Kill a process as a crash would; return its pid."""
    pid = process(platform, name).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


def marked(state: Path) -> list[psutil.Process]:
    """Return every process of a platform, found without its own records."""
    found = []
    for candidate in psutil.process_iter():
        try:
            if candidate.environ().get(MARK) == str(state):
                found.append(candidate)
        except (psutil.Error, OSError):
            continue
    return found
