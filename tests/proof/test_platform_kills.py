"""What takes long to show of the local platform: it comes back from kills, pauses, purges and failed starts."""

from __future__ import annotations

import os
import signal

import pytest

from streamflow.errors import EnvironmentNotReady
from streamflow.settings import load_settings
from streamflow.stack.platform import Platform
from tests.servers import SMALL, kill, marked, process, superuser, until


def test_a_killed_task_manager_comes_back(platform: Platform) -> None:
    """A failed database write ends a task manager, so this is no rare event."""
    restarts = process(platform, "taskmanager-1").restarts
    old = kill(platform, "taskmanager-1")
    until(lambda: process(platform, "taskmanager-1").restarts == restarts + 1, "it was not started again")
    until(lambda: process(platform, "taskmanager-1").state == "healthy", "it did not register again")
    entry = process(platform, "taskmanager-1")
    assert entry.pid != old
    assert entry.last_exit == "killed by SIGKILL"


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


def test_a_server_that_cannot_start_is_one_sentence_with_its_log(second: Platform) -> None:
    """Nothing of a failed start keeps running."""
    second.up(without=SMALL)
    second.down()
    (second.layout.postgres.resolve() / "data" / "postgresql.conf").write_text("no such setting\n", encoding="utf-8")
    again = Platform(load_settings(home=second.layout.state))
    with pytest.raises(EnvironmentNotReady, match=r"postgres did not become healthy after 4 restarts .*postgres\.log"):
        again.up(without=SMALL)
    assert marked(second.layout.state) == []
