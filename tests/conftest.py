"""One real platform for the whole run, on free ports, in a state directory of its own inside the checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from xdist.scheduler import LoadScopeScheduling

from streamflow import settings as configuration
from streamflow.settings import Settings, load_settings
from streamflow.stack.platform import Platform
from tests.servers import DEMO_PURCHASES

ROOT = Path(__file__).resolve().parents[1]
STATE = ROOT / ".cache" / "test" / str(os.getpid())
KEPT_LOGS = ROOT / ".cache" / "test-logs"
DEMO_HOME = STATE.with_name(f"demo-{os.getpid()}")
DEMO = [str(Path(sys.executable).with_name("streamflow")), "demo", "--purchases", str(DEMO_PURCHASES)]
DEMO += ["--days", "2", "--json"]
MARKERS = ("unit", "property", "integration", "e2e")
PLATFORM, DEMONSTRATION = "platform", "demonstration"
LOTS = {
    "e2e/test_demo.py": DEMONSTRATION,
    "integration/test_dags_on_airflow.py": DEMONSTRATION,
    "integration/test_platform_airflow.py": DEMONSTRATION,
    "integration/test_platform.py": PLATFORM,
    "integration/test_produce.py": PLATFORM,
}
"""Files whose tests share servers: those of the run, and those that the demonstration has left running."""
DEMONSTRATED = pytest.StashKey[Platform]()
STOP = pytest.StashKey[dict[str, Callable[[], None]]]()


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
        items.sort(key=lambda item: _turn(item.nodeid))


def lot_of(nodeid: str) -> str:
    """Return what a test belongs to: servers that it shares, a folder with servers of its own, or else its file."""
    file = nodeid.partition("::")[0].removeprefix("tests/")
    folder = file.rpartition("/")[0]
    return LOTS.get(file) or (folder if folder.startswith("integration/") else file)


def _turn(nodeid: str) -> tuple[int, bool]:
    """Long lots first, so that small ones fill the end; the demonstration before those who use what it leaves."""
    lot = lot_of(nodeid)
    turns = {DEMONSTRATION: 0, PLATFORM: 1}
    return turns.get(lot, 2 if lot.startswith(("e2e/", "integration/")) else 3), "e2e/" not in nodeid


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stop servers after the last test of their lot: idle ones take time from the other process."""
    lot = lot_of(item.nodeid)
    if hasattr(item.config, "workerinput") and (nextitem is None or lot_of(nextitem.nodeid) != lot):
        item.config.stash.get(STOP, {}).pop(lot, lambda: None)()


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
def platform(pytestconfig: pytest.Config) -> Iterator[Platform]:
    """Kafka, PostgreSQL and Flink, started once and stopped at the end; their logs are kept in .cache/test-logs."""
    _clear_after_killed_runs()
    running = Platform(load_settings())

    def stop() -> None:
        if running.layout.logs.is_dir():
            shutil.rmtree(KEPT_LOGS, ignore_errors=True)
            shutil.copytree(running.layout.logs, KEPT_LOGS)
        running.down(purge=True)
        shutil.rmtree(STATE, ignore_errors=True)

    pytestconfig.stash.setdefault(STOP, {})[PLATFORM] = stop
    try:
        running.up(without={"airflow"})
        yield running
    finally:
        stop()


@pytest.fixture(scope="session")
def demonstration(pytestconfig: pytest.Config) -> Iterator[dict[str, Any]]:
    """Run `streamflow demo` once, as a user does, on servers of its own; they run on for tests that need Airflow."""

    def stop() -> None:
        Platform(load_settings(home=DEMO_HOME)).down(purge=True)
        shutil.rmtree(DEMO_HOME, ignore_errors=True)

    pytestconfig.stash.setdefault(STOP, {})[DEMONSTRATION] = stop
    environment = {**os.environ, "STREAMFLOW_HOME": str(DEMO_HOME)}
    try:
        done = subprocess.run(DEMO, env=environment, capture_output=True, text=True, timeout=900, check=False)
        assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        pytestconfig.stash[DEMONSTRATED] = Platform(load_settings(home=DEMO_HOME))
        yield json.loads(done.stdout)
    finally:
        stop()


@pytest.fixture(scope="session")
def airflow_platform(request: pytest.FixtureRequest) -> Platform:
    """Give a platform with Airflow: what the demonstration left, else the running one, to which Airflow is added."""
    if DEMONSTRATED in request.config.stash:
        return request.config.stash[DEMONSTRATED]
    running: Platform = request.getfixturevalue("platform")
    running.up()
    return running


@pytest.fixture(scope="session")
def settings(platform: Platform) -> Settings:
    """Return settings that know the addresses and passwords of the test platform."""
    return platform.settings


@pytest.fixture
def second(platform: Platform) -> Iterator[Platform]:
    """A second checkout's state directory, beside the platform of the tests; PostgreSQL alone keeps it quick."""
    del platform
    state = Path(os.environ["STREAMFLOW_HOME"]).with_name(f"{os.getpid()}-second")
    other = Platform(load_settings(home=state))
    yield other
    other.down(purge=True)
    shutil.rmtree(state, ignore_errors=True)
