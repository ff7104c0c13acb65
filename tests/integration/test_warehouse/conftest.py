"""A PostgreSQL of these tests' own, set up as the platform sets up its one, and emptied before each test that asks."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from streamflow.settings import Settings, load_settings
from streamflow.stack.credentials import ensure, with_secrets
from streamflow.stack.layout import Layout
from streamflow.stack.postgres import prepare, set_up
from streamflow.warehouse.migrations import LAYERS, migrate

DEADLINE_S = 60.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _superuser(settings: Settings, database: str) -> psycopg.Connection[tuple[object, ...]]:
    host, port = settings.postgres.address()
    password = settings.postgres.password("superuser")
    return psycopg.connect(
        host=host, port=port, user="postgres", password=password, dbname=database, autocommit=True, connect_timeout=5
    )


def _wait_until_it_answers(settings: Settings, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            _superuser(settings, "postgres").close()
            return
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL gave no connection within {DEADLINE_S:.0f} s: {error}")
            time.sleep(0.05)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Start one PostgreSQL for the session; yield the settings that reach it."""
    home = tmp_path_factory.mktemp("warehouse")
    for folder in (home, *list(home.parents)[:2]):
        folder.chmod(0o755)  # The server's own user must be able to enter.
    port = _free_port()
    settings = load_settings(home=home, postgres={"host": "127.0.0.1", "port": port, "fsync": False})
    layout = Layout.of(settings)
    for folder in (layout.run, layout.logs, layout.tmp, layout.home):
        folder.mkdir(parents=True, exist_ok=True)
    settings = with_secrets(settings, ensure(home / "secrets.json"))
    spec = next(one for one in prepare(layout, settings, {"postgres": port}) if one.name == "postgres")
    owner = {"user": spec.user, "extra_groups": []} if spec.user and os.geteuid() == 0 else {}
    with Path(home / "postgres.log").open("wb") as log:
        process = subprocess.Popen(spec.argv, cwd=spec.cwd, env=spec.env, stdout=log, stderr=log, **owner)
    try:
        _wait_until_it_answers(settings, process)
        yield settings
    finally:
        process.send_signal(spec.stop_signal)
        process.wait(timeout=DEADLINE_S)


@pytest.fixture
def empty(server: Settings) -> Settings:
    """Give three databases without any table."""
    with _superuser(server, "postgres") as connection:
        for database in LAYERS:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
    _, port = server.postgres.address()
    set_up(server, port)
    return server


@pytest.fixture
def warehouse(empty: Settings) -> Settings:
    """Give three migrated databases without any row."""
    assert migrate(empty), "a new database needs its migrations"
    return empty
