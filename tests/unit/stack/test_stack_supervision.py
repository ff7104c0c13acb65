"""The supervisor's own machinery, on small real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from streamflow.stack import recovery
from streamflow.stack.layout import Layout
from streamflow.stack.process import PlatformStatus, ProcessSpec, ProcessStatus, family, find, read_status
from streamflow.stack.supervisor import back_off_s, exit_in_words, rotate

PATIENCE_S = 20.0


def until(condition: Callable[[], object], message: str) -> None:
    """Poll until the condition holds; fail with the message after `PATIENCE_S`."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, message
        time.sleep(0.05)


class Small:
    """A supervisor over a plan of shell commands."""

    def __init__(self, folder: Path) -> None:
        self.layout = Layout(state=folder / "s", downloads=folder / "j")
        self.layout.create()
        self.process: subprocess.Popen[bytes] | None = None

    def spec(self, name: str, script: str, **more: object) -> ProcessSpec:
        """Return a spec that runs a shell script."""
        return ProcessSpec(name=name, argv=("/bin/sh", "-c", script), env=dict(os.environ), cwd="/", **more)  # type: ignore[arg-type]

    def plan(self, *specs: ProcessSpec) -> None:
        """Write the plan, and start the supervisor or make it read the plan again."""
        self.layout.plan.write_bytes(msgspec.json.encode(specs))
        if self.process is None:
            arguments = ["-m", "streamflow.stack.supervisor", str(self.layout.state), str(self.layout.downloads)]
            self.process = subprocess.Popen([sys.executable, *arguments], stderr=subprocess.DEVNULL)
            until(lambda: read_status(self.layout), "the supervisor wrote no status")
        else:
            self.process.send_signal(signal.SIGHUP)

    def record(self, name: str) -> ProcessStatus:
        """Return what the status file says about a process."""
        status: PlatformStatus | None = read_status(self.layout)
        assert status is not None
        return next((process for process in status.processes if process.name == name), ProcessStatus(name, "", ""))

    def stop(self) -> None:
        """Ask the supervisor to stop everything."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(PATIENCE_S) == 0


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Small]:
    """A supervisor that is stopped after the test."""
    supervisor = Small(tmp_path)
    yield supervisor
    supervisor.stop()


def test_pauses_between_starts_double_up_to_half_a_minute() -> None:
    """A server that dies at once must not keep two cores busy."""
    assert [back_off_s(n) for n in (1, 2, 3, 7, 50)] == [0.5, 1.0, 2.0, 30.0, 30.0]


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "exit code 0"), (3, "exit code 3"), (-9, "killed by SIGKILL"), (-250, "killed by signal 250")],
)
def test_an_exit_is_told_in_words(code: int, words: str) -> None:
    """`status` is read by people."""
    assert exit_in_words(code) == words


def test_a_grown_log_moves_aside_and_the_oldest_leaves(tmp_path: Path) -> None:
    """Logs of months must not fill the disk."""
    path = tmp_path / "a.log"
    for generation in range(5):
        path.write_text(f"{generation}" * 10, encoding="utf-8")
        rotate(path, limit=5, keep=3)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.log.1", "a.log.2", "a.log.3"]
    assert (tmp_path / "a.log.1").read_text(encoding="utf-8") == "4" * 10
    path.write_text("tiny", encoding="utf-8")
    rotate(path, limit=5, keep=3)
    assert path.exists()


def test_a_killed_process_is_started_again_and_status_says_why(small: Small) -> None:
    """The heart of supervision."""
    small.plan(small.spec("sleeper", "exec sleep 600"))
    until(lambda: small.record("sleeper").pid, "the sleeper was not started")
    first = small.record("sleeper").pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(lambda: small.record("sleeper").pid not in (None, first), "the sleeper was not started again")
    again = small.record("sleeper")
    assert (again.restarts, again.last_exit) == (1, "killed by SIGKILL")


def test_a_task_runs_again_until_it_succeeds_and_its_dependents_wait(small: Small) -> None:
    """Databases come before what needs them, even if the first attempt fails."""
    marker = small.layout.state / "tried"
    task = small.spec("setup", f"[ -e {marker} ] || {{ touch {marker}; exit 7; }}", kind="task")
    after = small.spec("dependent", f"[ -e {marker} ] && exec sleep 600", after=("setup",))
    small.plan(task, after)
    until(lambda: small.record("dependent").pid, "the dependent was never started")
    setup = small.record("setup")
    assert (setup.state, setup.restarts, setup.last_exit) == ("done", 1, "exit code 7")
    assert small.record("dependent").restarts == 0


def test_a_plan_that_grows_starts_only_what_is_new(small: Small) -> None:
    """Airflow can join a running platform without disturbing it."""
    first = small.spec("first", "exec sleep 600")
    small.plan(first)
    until(lambda: small.record("first").pid, "the first was not started")
    pid = small.record("first").pid
    small.plan(first, small.spec("second", "exec sleep 600"))
    until(lambda: small.record("second").pid, "the second was not started")
    assert small.record("first").pid == pid


def test_a_program_that_is_not_there_is_told_and_tried_again(small: Small) -> None:
    """A keeper must survive what it cannot start."""
    spec = ProcessSpec(name="ghost", argv=("/no/such/program",), env={}, cwd="/")
    small.plan(spec)
    until(lambda: small.record("ghost").restarts >= 1, "the ghost was not tried again")
    assert small.record("ghost").last_exit == "exit code 127"


def test_a_task_that_goes_with_a_server_runs_again_after_each_restart(small: Small) -> None:
    """Jobs come back when the job manager does."""
    count = small.layout.state / "count"
    server = small.spec("server", "exec sleep 600", probe=("jobmanager", "http://127.0.0.1:9"))
    # Never healthy, so the task waits for nothing but goes with it.
    task = small.spec("again", f"echo x >> {count}", kind="task", again_with="server")
    small.plan(server, task)
    until(lambda: small.record("again").state == "done" and small.record("server").pid, "the task did not run")
    pid = small.record("server").pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: count.read_text(encoding="utf-8").count("x") == 2, "the task did not run a second time")


def test_stopping_leaves_no_descendant_even_one_that_ignores_sigterm(small: Small) -> None:
    """`down` leaves nothing behind."""
    pids = small.layout.state / "pids"
    stubborn = f"trap '' TERM; echo $$ >> {pids}; sleep 600 & echo $! >> {pids}; wait; sleep 600"
    small.plan(small.spec("stubborn", stubborn, stop_grace_s=0.5))
    until(lambda: pids.exists() and len(pids.read_text(encoding="utf-8").split()) == 2, "the children did not start")
    children = [int(pid) for pid in pids.read_text(encoding="utf-8").split()]
    small.stop()
    assert [pid for pid in children if psutil.pid_exists(pid)] == []
    assert small.record("stubborn").state == "stopped"


def test_a_second_supervisor_of_one_state_directory_leaves_at_once(small: Small) -> None:
    """Two `up` at the same moment start one platform."""
    small.plan(small.spec("sleeper", "exec sleep 600"))
    arguments = ["-m", "streamflow.stack.supervisor", str(small.layout.state), str(small.layout.downloads)]
    assert subprocess.run([sys.executable, *arguments], check=False, timeout=PATIENCE_S).returncode == 0
    assert small.process is not None
    assert small.process.poll() is None


def test_a_pid_of_another_process_is_not_taken_for_ours() -> None:
    """Numbers are used again; start times tell them apart."""
    mine = psutil.Process()
    assert find(mine.pid, mine.create_time()) == mine
    assert find(mine.pid, mine.create_time() - 100) is None
    assert family(mine.pid, mine.create_time() - 100) == []
    assert find(None, None) is None


def test_a_recovery_without_hooks_has_nothing_to_do(tmp_path: Path) -> None:
    """The platform knows nothing of jobs until somebody tells it."""
    assert recovery.main(str(tmp_path / "hooks.json")) == 0


def test_a_recovery_runs_its_commands_in_turn_and_stops_at_the_first_failure(tmp_path: Path) -> None:
    """The supervisor tries the whole list again."""
    hooks, proof = tmp_path / "hooks.json", tmp_path / "proof"
    commands = [["touch", str(proof)], ["false"], ["rm", str(proof)]]
    hooks.write_bytes(msgspec.json.encode(commands))
    assert recovery.main(str(hooks)) == 1
    assert proof.exists()
