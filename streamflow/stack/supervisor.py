"""The daemon that keeps the platform's processes running: one for a state directory, in a session of its own.

It reads the plan, starts each process when those before it are ready, checks its health, starts it again with growing
pauses when it dies, and writes what it knows to the status file. SIGTERM stops everything in order; SIGHUP makes it
read the plan again, so that a running platform can grow.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import TextIO

import msgspec
import psutil

from streamflow import log
from streamflow.stack.layout import Layout
from streamflow.stack.probes import PROBES, Check, Unhealthy
from streamflow.stack.process import (
    PlatformStatus,
    ProcessSpec,
    ProcessStatus,
    State,
    boot_id,
    end,
    family,
    write_atomically,
)

PROBE_STARTING_S = 0.5
PROBE_HEALTHY_S = 5.0
UNHEALTHY_AFTER = 3
"""Failed checks in a row before a process counts as unhealthy: two busy cores make one or two no surprise."""
REPLACE_AFTER_S = 120.0
"""How long a process may live on unhealthy before it is ended, and so started again."""
BACK_OFF_S = (0.5, 30.0)
STEADY_S = 60.0
"""Healthy for so long, a process starts with the shortest pause again."""
LOCK_PATIENCE_S = 1.0
"""Who asks whether a supervisor lives touches its lock for a moment; that must not turn a new one away."""
NOT_STARTED = 127
"""What a shell returns for a program that is not there."""
LOG_LIMIT_BYTES = 20 << 20
LOG_KEEP = 3


def back_off_s(failures: int) -> float:
    """Return the pause before the next start after `failures` failures in a row (1, 2, ...), in seconds."""
    first, longest = BACK_OFF_S
    return min(first * 2.0 ** (failures - 1), longest)


def rotate(path: Path, limit: int = LOG_LIMIT_BYTES, keep: int = LOG_KEEP) -> None:
    """Move a log that has grown over `limit` bytes aside, keeping `keep` old ones."""
    if not path.exists() or path.stat().st_size < limit:
        return
    for number in range(keep, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        newer = path if number == 1 else path.with_name(f"{path.name}.{number - 1}")
        if newer.exists():
            newer.replace(older)


def exit_in_words(code: int) -> str:
    """Say how a process ended, from its return code as subprocess gives it."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


class Keeper(threading.Thread):
    """Keeps one process running until told to stop."""

    def __init__(self, spec: ProcessSpec, supervisor: Supervisor) -> None:
        super().__init__(name=spec.name, daemon=True)
        self.spec = spec
        self.status = ProcessStatus(
            name=spec.name, kind=spec.kind, log=str(supervisor.layout.log(spec.name)), port=spec.port
        )
        self.ready = threading.Event()
        self.leave = threading.Event()
        self._supervisor = supervisor
        self._check = PROBES[spec.probe[0]](spec.probe[1]) if spec.probe[0] else None
        self._failures = 0
        self.generation = 0
        """How often the process was started."""
        self._log = log.get_logger(process=spec.name)

    def run(self) -> None:
        """Start, watch and start again, until told to leave or, for a task, until it has succeeded for good."""
        while not self._may_start():
            if self.leave.wait(0.1):
                self._set("stopped")
                return
        while not self.leave.is_set():
            try:
                code = self._live()
            except OSError as error:
                self._log.warning("process cannot be started", reason=str(error))
                code = NOT_STARTED
            if self.leave.is_set():
                break
            if self.spec.kind == "task" and code == 0:
                self._failures = 0
                self.ready.set()
                self._set("done", detail="")
                if self._wanted_again():
                    continue
                break
            self._failures += 1
            pause = back_off_s(self._failures)
            self.status.last_exit = exit_in_words(code)
            self._log.warning("process ended", exit=self.status.last_exit, pause_s=pause)
            self._set("backing off", detail=f"next start in {pause:g} s")
            if self.leave.wait(pause):
                break
            self.status.restarts += 1
        if self.status.state != "done":
            self._set("stopped", detail="")

    def _wanted_again(self) -> bool:
        """Wait until the server that this task goes with was started again; False when it is time to leave."""
        server = self._supervisor.keeper(self.spec.again_with)
        seen = server.generation if server else 0
        while server is not None and not self.leave.wait(0.2):
            if server.generation != seen and self._may_start():
                return True
        return False

    def _may_start(self) -> bool:
        waiting_for = [name for name in self.spec.after if not self._supervisor.is_ready(name)]
        if waiting_for:
            self.status.detail = "waits for " + ", ".join(waiting_for)
        return not waiting_for

    def _live(self) -> int:
        """Run the process once, from start to end; return its code."""
        path = self._supervisor.layout.log(self.spec.name)
        rotate(path)
        with path.open("ab") as output:
            account = pwd.getpwnam(self.spec.user) if self.spec.user else None
            process = subprocess.Popen(
                self.spec.argv,
                env=self.spec.env,
                cwd=self.spec.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
            )
        with contextlib.suppress(psutil.Error):
            self.status.started = psutil.Process(process.pid).create_time()
        self.status.pid = process.pid
        self.generation += 1
        self._set("starting", detail="")
        try:
            self._watch(process)
        finally:
            self._finish(process)
        return process.returncode

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Check health until the process ends, or must be ended."""
        failed, healthy_since, unhealthy_since = 0, 0.0, 0.0
        while process.poll() is None and not self.leave.is_set():
            try:
                if self._check is not None:
                    self._ask(self._check)
                    failed, unhealthy_since = 0, 0.0
                    if self.status.state != "healthy":
                        healthy_since = time.monotonic()
                        self._set("healthy", detail="")
                        self.ready.set()
                    elif time.monotonic() - healthy_since > STEADY_S:
                        self._failures = 0
            except Unhealthy as error:
                failed += 1
                if self.status.state == "starting":
                    self._set("starting", detail=str(error))
                elif failed >= UNHEALTHY_AFTER:
                    unhealthy_since = unhealthy_since or time.monotonic()
                    self._set("unhealthy", detail=str(error))
                    if time.monotonic() - unhealthy_since > REPLACE_AFTER_S:
                        self._log.warning("process is replaced", reason=str(error))
                        return
            self._pause(process, PROBE_HEALTHY_S if self.status.state == "healthy" else PROBE_STARTING_S)

    def _ask(self, check: Check) -> None:
        """Run the health check; an answer of a shape that no server of ours gives is no health."""
        try:
            check(self.status.started or 0.0)
        except (LookupError, TypeError, ValueError) as error:
            raise Unhealthy(f"a strange answer ({type(error).__name__}: {error})") from error

    def _pause(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        """Wait, but not past the end of the process."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and process.poll() is None and not self.leave.wait(0.1):
            pass

    def _finish(self, process: subprocess.Popen[bytes]) -> None:
        """Let nothing of the process's session live on."""
        self.ready.clear()
        pid, started = process.pid, self.status.started or 0.0
        group = family(pid, started)
        if process.poll() is None:
            self._set("stopping")
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(self.spec.stop_signal)
            try:
                process.wait(self.spec.stop_grace_s)
            except subprocess.TimeoutExpired:
                self._log.warning("process did not end when asked", grace_s=self.spec.stop_grace_s)
                process.kill()
                process.wait()
        end([left for left in {*group, *family(pid, started)} if left.pid != pid])
        self.status.pid = None
        self.status.started = None

    def _set(self, state: State, detail: str | None = None) -> None:
        changed = self.status.state != state or (detail is not None and self.status.detail != detail)
        self.status.state = state
        if detail is not None:
            self.status.detail = detail
        if changed:
            self._supervisor.write_status()


class Supervisor:
    """All keepers of one platform."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._keepers: dict[str, Keeper] = {}
        self._writing = threading.Lock()
        self._boot = boot_id()
        self._log = log.get_logger()

    def keeper(self, name: str) -> Keeper | None:
        """Return who keeps a process, None for a name that is not in the plan."""
        return self._keepers.get(name)

    def is_ready(self, name: str) -> bool:
        """Tell whether a process is healthy, or a task done."""
        keeper = self._keepers.get(name)
        return keeper is not None and keeper.ready.is_set()

    def write_status(self) -> None:
        """Rewrite the status file."""
        with self._writing:
            record = PlatformStatus(
                supervisor=os.getpid(),
                boot=self._boot,
                processes=[keeper.status for keeper in self._keepers.values()],
            )
            write_atomically(self.layout.status, msgspec.json.encode(record))

    def follow_plan(self) -> None:
        """Start what the plan has and does not run yet."""
        plan = msgspec.json.decode(self.layout.plan.read_bytes(), type=list[ProcessSpec])
        new = [spec for spec in plan if spec.name not in self._keepers]
        self._keepers |= {spec.name: Keeper(spec, self) for spec in new}
        for spec in new:
            self._keepers[spec.name].start()
        self.write_status()
        self._log.info("plan read", new=[spec.name for spec in new])

    def stop(self) -> None:
        """Stop everything, rank by rank."""
        for rank in sorted({keeper.spec.stop_rank for keeper in self._keepers.values()}):
            group = [keeper for keeper in self._keepers.values() if keeper.spec.stop_rank == rank]
            for keeper in group:
                keeper.leave.set()
            for keeper in group:
                keeper.join()
        self.write_status()
        self._log.info("all stopped")


def _hold(layout: Layout) -> TextIO | None:
    """Return the lock of the state directory, or None when another supervisor has it."""
    handle = layout.lock.open("a+", encoding="ascii")
    deadline = time.monotonic() + LOCK_PATIENCE_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                handle.close()
                return None
            time.sleep(0.05)
    handle.seek(0)
    handle.truncate()
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


def main(state: str, downloads: str) -> int:
    """Supervise until SIGTERM.

    Args:
        state: The state directory.
        downloads: The folder of jar archives.

    Returns:
        0, also when another supervisor of this state directory is already there.
    """
    log.configure(json=True)
    layout = Layout(state=Path(state), downloads=Path(downloads))
    lock = _hold(layout)
    if lock is None:
        return 0
    # A queue and handlers, not a signal mask: the processes started here would inherit the mask and never hear SIGTERM.
    arrived: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: arrived.put(received))
    supervisor = Supervisor(layout)
    supervisor.follow_plan()
    while arrived.get() == signal.SIGHUP:
        supervisor.follow_plan()
    supervisor.stop()
    lock.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
