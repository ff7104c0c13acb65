"""One real platform for the whole run, on free ports, in a state directory of its own inside the checkout."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from xdist.scheduler import LoadScopeScheduling

from streamflow import settings as configuration
from streamflow.settings import Settings, load_settings
from streamflow.stack.platform import Platform

ROOT = Path(__file__).resolve().parents[1]
STATE = ROOT / ".cache" / "test" / str(os.getpid())
KEPT_LOGS = ROOT / ".cache" / "test-logs"
MARKERS = ("unit", "property", "integration", "e2e")
SHARING = ("integration/test_platform", "integration/test_produce", "integration/test_dags_on_airflow")
"""Beginnings of the files whose tests share the one platform of a run."""


def pytest_configure() -> None:
    """Keep a developer's own platform, settings and home out of the tests."""
    for name in [name for name in os.environ if name.startswith("STREAMFLOW_")]:
        del os.environ[name]
    os.environ["STREAMFLOW_HOME"] = str(STATE)
    # A power cut during a test run costs nothing; flushes on a busy disk cost minutes.
    os.environ["STREAMFLOW_POSTGRES__FSYNC"] = "false"
    os.environ.setdefault("AIRFLOW_HOME", str(STATE / "airflow-of-tests"))
    configuration.settings.cache_clear()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test by the folder it stands in; in a run of several processes put those on servers first."""
    for item in items:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        if folder in MARKERS:
            item.add_marker(folder)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _turn(lot_of(item.nodeid)))


def lot_of(nodeid: str) -> str:
    """Return what a test belongs to: the shared platform, a folder with servers of its own, or else its file."""
    file = nodeid.partition("::")[0].removeprefix("tests/")
    if file.startswith(SHARING):
        return "platform"
    folder = file.rpartition("/")[0]
    return folder if folder.startswith("integration/") else file


def _turn(lot: str) -> int:
    """Long lots first, so that small ones fill the end; the platform last of them, since it runs on until the end."""
    return 0 if lot.startswith("e2e/") else 1 if lot.startswith("integration/") else 2 if lot == "platform" else 3


class Parting(LoadScopeScheduling):
    """Deals tests to processes by lots, in the order that they were collected in."""

    def _split_scope(self, nodeid: str) -> str:
        return lot_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Parting:
    """Deal tests by `Parting`."""
    config.option.loadscopereorder = False
    return Parting(config, log)


def _clear_after_killed_runs() -> None:
    """Stop and remove what test runs left that were killed before they could."""
    for folder in STATE.parent.iterdir() if STATE.parent.is_dir() else ():
        pid = folder.name.partition("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            Platform(load_settings(home=folder)).down(purge=True)
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """Kafka, PostgreSQL and Flink, started once and stopped at the end; their logs are kept in .cache/test-logs."""
    _clear_after_killed_runs()
    running = Platform(load_settings())
    try:
        running.up(without={"airflow"})
        yield running
    finally:
        shutil.rmtree(KEPT_LOGS, ignore_errors=True)
        if running.layout.logs.is_dir():
            shutil.copytree(running.layout.logs, KEPT_LOGS)
        running.down(purge=True)
        shutil.rmtree(STATE, ignore_errors=True)


@pytest.fixture(scope="session")
def airflow_platform(platform: Platform) -> Platform:
    """Add Airflow to the running platform when the first test needs it."""
    platform.up()
    return platform


@pytest.fixture(scope="session")
def settings(platform: Platform) -> Settings:
    """Return settings that know the addresses and passwords of the test platform."""
    return platform.settings
