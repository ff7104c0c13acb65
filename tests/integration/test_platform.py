"""The local platform on real servers: it starts, survives kills, moves aside for others, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from streamflow.errors import EnvironmentNotReady
from streamflow.settings import Settings, load_settings
from streamflow.stack.platform import Platform
from streamflow.stack.probes import get_json
from streamflow.stack.process import MARK, ProcessStatus
from streamflow.stack.toolchain import flink_bin, flink_env
from tests.servers import superuser

PATIENCE_S = 120.0


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


def streamflow(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would."""
    command = [str(Path(sys.executable).parent / "streamflow"), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=300, env={**os.environ, "COLUMNS": "200", **env}
    )


@pytest.fixture
def second(platform: Platform) -> Iterator[Platform]:
    """A second checkout's state directory, beside the platform of the tests; PostgreSQL alone keeps it quick."""
    del platform
    state = Path(os.environ["STREAMFLOW_HOME"]).with_name(f"{os.getpid()}-second")
    other = Platform(load_settings(home=state))
    yield other
    other.down(purge=True)
    shutil.rmtree(state, ignore_errors=True)


SMALL = {"kafka", "flink", "airflow"}


def test_every_process_is_healthy_and_has_a_log(platform: Platform) -> None:
    """What `up` promises when it returns."""
    processes = platform.status()
    names = {entry.name for entry in processes}
    assert {"kafka", "postgres", "jobmanager", "taskmanager-1", "postgres-setup"} <= names
    assert platform.healthy()
    assert all(Path(entry.log).exists() for entry in processes)
    assert all(entry.memory_mb > 0 for entry in processes if entry.kind == "server")
    ports = {entry.name: entry.port for entry in processes if entry.port}
    assert {"kafka", "postgres", "jobmanager"} <= ports.keys()
    assert len(set(ports.values())) == len(ports)


def test_everything_listens_on_loopback_only(platform: Platform) -> None:
    """The servers know no passwords but PostgreSQL's."""
    listening = [
        connection.laddr.ip
        for member in marked(platform.layout.state)
        for connection in member.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 5
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_the_addresses_reach_other_commands_through_the_state_directory(platform: Platform) -> None:
    """A command that starts later finds the servers without being told."""
    found = load_settings()
    assert found.kafka.require() == platform.settings.kafka.bootstrap_servers
    assert found.postgres.address() == platform.settings.postgres.address()
    assert found.flink.checkpoint_dir.startswith("file://")
    assert get_json(f"{found.flink.require()}/overview")["slots-total"] == found.flink.taskmanagers


def test_starting_twice_changes_nothing(platform: Platform) -> None:
    """`up` is safe to repeat."""
    before = {entry.name: entry.pid for entry in platform.status()}
    platform.up(without={"airflow"})
    assert before == {name: pid for name, pid in before.items() if process(platform, name).pid == pid}


def test_a_broker_takes_topics_as_soon_as_it_is_healthy(platform: Platform) -> None:
    """The health check waits until the broker is unfenced."""
    from confluent_kafka.admin import AdminClient
    from confluent_kafka.cimpl import NewTopic

    admin = AdminClient({"bootstrap.servers": platform.settings.kafka.require()})
    admin.create_topics([NewTopic("platform-test", 1, 1)])["platform-test"].result(30)
    admin.delete_topics(["platform-test"])["platform-test"].result(30)


def test_the_flink_command_runs_with_the_environment_that_the_toolchain_gives(settings: Settings) -> None:
    """`flink run` and `flink list` need configuration, libraries and Java."""
    done = subprocess.run(
        [flink_bin(settings), "list"], env=flink_env(settings), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "No running jobs" in done.stdout or "Running" in done.stdout


@pytest.mark.parametrize(
    ("database", "role", "allowed"),
    [
        ("bronze_db", "ingest", True),
        ("silver_db", "ingest", False),
        ("gold_db", "ingest", True),
        ("silver_db", "transform", True),
        ("gold_db", "reader", True),
    ],
)
def test_a_role_enters_only_the_databases_that_it_needs(
    settings: Settings, database: str, role: str, allowed: bool
) -> None:
    """Least privilege begins at the door."""
    dsn = settings.postgres.dsn(database, role)  # type: ignore[arg-type]
    if allowed:
        with psycopg.connect(dsn) as connection:
            assert connection.execute("SHOW timezone").fetchone() == ("UTC",)
    else:
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(dsn)


def test_no_role_enters_with_a_wrong_password(settings: Settings) -> None:
    """Foreign tables rely on real passwords."""
    host, port = settings.postgres.address()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host=host, port=port, user="streamflow_owner", password="wrong", dbname="gold_db")


def test_the_owner_may_make_foreign_servers_where_a_layer_reads_the_one_before(settings: Settings) -> None:
    """Silver reads bronze, gold reads silver, both through foreign tables."""
    for database in ("silver_db", "gold_db"):
        with psycopg.connect(settings.postgres.dsn(database, "owner")) as connection:
            connection.execute("CREATE SERVER platform_test FOREIGN DATA WRAPPER postgres_fdw")
            connection.rollback()


def test_a_killed_task_manager_comes_back(platform: Platform) -> None:
    """A failed database write ends a task manager, so this is no rare event."""
    restarts = process(platform, "taskmanager-1").restarts
    old = kill(platform, "taskmanager-1")
    until(lambda: process(platform, "taskmanager-1").restarts == restarts + 1, "it was not started again")
    until(lambda: process(platform, "taskmanager-1").state == "healthy", "it did not register again")
    entry = process(platform, "taskmanager-1")
    assert entry.pid != old
    assert entry.last_exit == "killed by SIGKILL"


def test_a_killed_database_comes_back_with_its_rows(platform: Platform, settings: Settings) -> None:
    """A crash loses nothing that was committed."""
    with superuser(settings) as connection:
        connection.execute("CREATE TABLE survivor AS SELECT 42 AS answer")
    restarts = process(platform, "postgres").restarts
    kill(platform, "postgres")
    until(lambda: process(platform, "postgres").restarts == restarts + 1, "it was not started again")
    until(lambda: process(platform, "postgres").state == "healthy", "it did not recover")
    with superuser(settings) as connection:
        assert connection.execute("SELECT answer FROM survivor").fetchone() == (42,)
        connection.execute("DROP TABLE survivor")


def test_a_killed_job_manager_runs_the_recovery_command(platform: Platform) -> None:
    """A session cluster forgets its jobs; somebody must bring them back."""
    hooks = platform.layout.hooks
    kept, proof = hooks.read_bytes() if hooks.exists() else None, platform.layout.state / "recovered"
    platform.on_recovery(["touch", str(proof)])
    try:
        kill(platform, "jobmanager")
        until(proof.exists, "the recovery command did not run")
        until(platform.healthy, "the cluster did not become healthy again")
    finally:
        platform.on_recovery(None)
        if kept is not None:
            hooks.write_bytes(kept)


def test_status_tells_machines_and_exits_with_zero_when_healthy(platform: Platform) -> None:
    """Scripts wait on it."""
    until(platform.healthy, "the platform did not become healthy")
    answers: list[subprocess.CompletedProcess[str]] = []

    def answered() -> bool:
        answers.append(streamflow("status", "--json"))
        return answers[-1].returncode == 0

    # A probe may time out on a busy machine, so the first answer need not be the one that is waited for.
    until(answered, "status did not exit with 0")
    for done in answers:
        calm = {entry["state"] for entry in json.loads(done.stdout)} == {"healthy", "done"}
        assert (done.returncode == 0) == calm
    table = streamflow("status").stdout
    assert "taskmanager-1" in table
    assert "restarts" in table


def test_a_second_platform_takes_other_ports_and_leaves_nothing_behind(platform: Platform, second: Platform) -> None:
    """Two checkouts run at the same time on one machine."""
    restarts = {entry.name: entry.restarts for entry in platform.status()}
    settings = second.up(without=SMALL)
    assert settings.postgres.address() != platform.settings.postgres.address()
    state = second.layout.state
    assert len(marked(state)) >= 2
    assert second.down(purge=True)
    assert marked(state) == []
    assert not state.exists()
    # A probe may time out while two platforms share the machine; none of the first one's processes may have died.
    until(platform.healthy, "the first platform is not healthy beside the second")
    assert {entry.name: entry.restarts for entry in platform.status()} == restarts


def test_a_part_joins_a_running_platform_without_disturbing_it(second: Platform) -> None:
    """The same `up` starts what is not there yet, and the server that runs keeps its process."""
    second.up(without=SMALL)
    before = process(second, "postgres").pid
    assert second.up(without={"flink", "airflow"}).kafka.require()
    assert process(second, "kafka").state == "healthy"
    assert process(second, "postgres").pid == before


def test_stopping_keeps_the_data_and_starting_again_keeps_the_port(second: Platform) -> None:
    """`down` without --purge is a pause."""
    before = second.up(without=SMALL)
    with superuser(before, "silver_db") as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    second.down()
    assert marked(second.layout.state) == []
    assert not second.layout.endpoints.exists()
    after = Platform(load_settings(home=second.layout.state)).up(without=SMALL)
    assert after.postgres.address() == before.postgres.address()
    with superuser(after, "silver_db") as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_a_purged_platform_starts_again_with_new_secrets_in_the_same_process(second: Platform) -> None:
    """What was read from the removed files must not outlive them."""
    second.up(without=SMALL)
    again = Platform(load_settings(home=second.layout.state))
    old = again.settings.postgres.password("owner")
    again.down(purge=True)
    settings = again.up(without=SMALL)
    assert settings.postgres.password("owner") != old
    with superuser(settings) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_starting_after_the_supervisor_was_killed_recovers(second: Platform) -> None:
    """Orphans are recognised by pid and start time, and stopped before the new start."""
    second.up(without=SMALL)
    supervisor, orphan = second.supervisor_pid(), process(second, "postgres").pid
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: second.supervisor_pid() is None, "the supervisor is still there")
    assert process(second, "postgres").state == "orphaned"
    assert not second.healthy()
    again = Platform(load_settings(home=second.layout.state))
    again.up(without=SMALL)
    assert process(again, "postgres").pid != orphan
    assert again.healthy()


def test_starting_after_everything_was_killed_recovers(second: Platform) -> None:
    """As after a power cut: stale pid files, a dead supervisor, a dead server."""
    second.up(without=SMALL)
    for member in marked(second.layout.state):
        member.kill()
    until(lambda: marked(second.layout.state) == [], "a process is still there")
    again = Platform(load_settings(home=second.layout.state))
    again.up(without=SMALL)
    assert again.healthy()


def test_a_taken_port_that_the_user_set_is_one_sentence_and_starts_nothing(second: Platform) -> None:
    """The platform never moves away silently from a port somebody asked for."""
    state = second.layout.state
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        done = streamflow("up", STREAMFLOW_HOME=str(state), STREAMFLOW_POSTGRES__PORT=str(port))
    assert done.returncode == 3
    assert done.stderr.startswith(f"error: Port {port}, set for postgres, is taken by ")
    assert done.stderr.count("\n") == 1
    assert marked(state) == []


def test_a_server_that_cannot_start_is_one_sentence_with_its_log(second: Platform) -> None:
    """Nothing of a failed start keeps running."""
    second.up(without=SMALL)
    second.down()
    (second.layout.postgres.resolve() / "data" / "postgresql.conf").write_text("no such setting\n", encoding="utf-8")
    again = Platform(load_settings(home=second.layout.state))
    with pytest.raises(EnvironmentNotReady, match=r"postgres did not become healthy after 4 restarts .*postgres\.log"):
        again.up(without=SMALL)
    assert marked(second.layout.state) == []
