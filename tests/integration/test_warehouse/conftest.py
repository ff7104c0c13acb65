"""A PostgreSQL of these tests' own, set up as the platform sets up its one, and emptied before each test that asks."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from streamflow.errors import EnvironmentNotReady
from streamflow.settings import Settings, load_settings
from streamflow.stack.credentials import ensure, with_secrets
from streamflow.stack.layout import Layout
from streamflow.stack.postgres import prepare, set_up
from streamflow.warehouse.migrations import LAYERS, migrate
from streamflow.warehouse.transforms import forget
from tests.integration.test_warehouse.bronze_rows import KEPT_BETWEEN_TESTS
from tests.servers import superuser

ROOT = Path(__file__).resolve().parents[3]
DEADLINE_S = 60.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(settings: Settings, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            superuser(settings, "postgres").close()
            return
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL gave no connection within {DEADLINE_S:.0f} s: {error}")
            time.sleep(0.05)


@contextmanager
def running_postgres(home: Path) -> Iterator[Settings]:
    """Start one PostgreSQL that keeps its data in a folder; give the settings that reach it."""
    port = _free_port()
    settings = load_settings(postgres={"host": "127.0.0.1", "port": port, "fsync": False, "passwords": {}})
    settings = settings.model_copy(update={"home": home})  # The environment of the tests would win over an argument.
    layout = Layout.of(settings)
    for folder in (layout.run, layout.logs, layout.tmp, layout.home):
        folder.mkdir(parents=True, exist_ok=True)
    settings = with_secrets(settings, ensure(home / "secrets.json"))
    spec = next(one for one in prepare(layout, settings, {"postgres": port}) if one.name == "postgres")
    owner: dict[str, Any] = {"user": spec.user, "extra_groups": []} if spec.user and os.geteuid() == 0 else {}
    with Path(home / "postgres.log").open("wb") as log:
        process = subprocess.Popen(spec.argv, cwd=spec.cwd, env=spec.env, stdout=log, stderr=log, **owner)
    try:
        _wait_until_it_answers(settings, process)
        yield settings
    finally:
        process.send_signal(spec.stop_signal)
        process.wait(timeout=DEADLINE_S)
        for folder in (layout.postgres.resolve(), home):
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server() -> Iterator[Settings]:
    """Start one PostgreSQL for the session; yield the settings that reach it."""
    # Not pytest's temp folder: every other session closes it to the server's own user while it runs.
    with running_postgres(ROOT / ".cache" / "test" / f"warehouse-{os.getpid()}") as settings:
        yield settings


@pytest.fixture
def empty(server: Settings) -> Settings:
    """Give three databases without any table."""
    make_databases(server)
    return server


def make_databases(server: Settings) -> None:
    """Make the three databases anew, without any table."""
    with superuser(server, "postgres") as connection:
        for database in LAYERS:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
    _, port = server.postgres.address()
    set_up(server, port)


@pytest.fixture
def fresh(empty: Settings) -> Settings:
    """Give three databases that were migrated for this test alone."""
    assert migrate(empty), "a new database needs its migrations"
    return empty


@pytest.fixture
def warehouse(server: Settings, request: pytest.FixtureRequest) -> Settings:
    """Give three migrated databases without any row; cheaper than `fresh`, for tests that change no table."""
    try:
        done = bool(migrate(server))
    except EnvironmentNotReady:  # No test has made the databases yet.
        request.getfixturevalue("fresh")
        return server
    if not done:
        for database, tables in KEPT_BETWEEN_TESTS.items():
            with superuser(server, database) as connection:
                connection.execute(f"TRUNCATE {tables}")
        forget(server)
    return server
