"""The local platform on real servers: it starts, survives a kill, moves aside for others, and leaves nothing behind.

What takes longer (kills of Flink, pauses, starts after a crash) is held by tests/proof/test_platform_kills.py.
"""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path

import psutil
import psycopg
import pytest

from streamflow.settings import Settings, load_settings
from streamflow.stack.platform import Platform
from streamflow.stack.probes import get_json
from streamflow.stack.toolchain import flink_bin, flink_env
from tests.commands import in_process
from tests.servers import SMALL, kill, marked, process, superuser, until


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


def test_status_tells_machines_and_exits_with_zero_when_healthy(platform: Platform) -> None:
    """Scripts wait on it."""
    until(platform.healthy, "the platform did not become healthy")
    answers: list[subprocess.CompletedProcess[str]] = []

    def answered() -> bool:
        answers.append(in_process("status", "--json"))
        return answers[-1].returncode == 0

    # A probe may time out on a busy machine, so the first answer need not be the one that is waited for.
    until(answered, "status did not exit with 0")
    for done in answers:
        calm = {entry["state"] for entry in json.loads(done.stdout)["processes"]} == {"healthy", "done"}
        assert (done.returncode == 0) == calm
    table = in_process("status").stdout
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


def test_a_taken_port_that_the_user_set_is_one_sentence_and_starts_nothing(second: Platform) -> None:
    """The platform never moves away silently from a port somebody asked for."""
    state = second.layout.state
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        done = in_process("up", STREAMFLOW_HOME=str(state), STREAMFLOW_POSTGRES__PORT=str(port))
    assert done.returncode == 3
    assert done.stderr.startswith(f"error: Port {port}, set for postgres, is taken by ")
    assert done.stderr.count("\n") == 1
    assert marked(state) == []
