"""What a supervised process is, how to recognise it again, and how to end all of it."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import Literal

import msgspec
import psutil

from streamflow.stack.layout import Layout

State = Literal["waiting", "starting", "healthy", "unhealthy", "backing off", "done", "stopping", "stopped", "orphaned"]

MARK = "SF_SUPERVISED_BY"
"""Environment variable that every process of a platform carries: its state directory."""


class ProcessSpec(msgspec.Struct, frozen=True):
    """A process to keep running, or a task to run once.

    Attributes:
        name: Unique; also the name of its log.
        argv: The command.
        env: The whole environment.
        kind: A "server" runs until stopped; a "task" ends with 0 and is run again until it does.
        after: Names that must be healthy, or done, before it starts.
        probe: Kind of health check (see `streamflow.stack.probes`) and its argument; empty for tasks.
        port: What it listens on, for `status`.
        stop_rank: Stopped in ascending order; equal ranks at the same time.
        stop_signal: Asks it to end.
        stop_grace_s: How long it may take before it is killed.
        user: The user to run as; empty for the caller.
        cwd: Its working directory.
        again_with: Name of a server; a task is run again each time that server was started again.
    """

    name: str
    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str
    kind: Literal["server", "task"] = "server"
    after: tuple[str, ...] = ()
    probe: tuple[str, str] = ("", "")
    port: int | None = None
    stop_rank: int = 0
    stop_signal: int = int(signal.SIGTERM)
    stop_grace_s: float = 20.0
    user: str = ""
    again_with: str = ""


class ProcessStatus(msgspec.Struct):
    """What is known about one process.

    Attributes:
        name: Of its spec.
        kind: "server" or "task".
        state: Where it stands.
        pid: Its process id while it runs; also its session and group id.
        started: When the process began, seconds since the epoch as psutil tells it; recognises it after pid reuse.
        port: What it listens on.
        restarts: How often it was started again.
        last_exit: Why it ended the last time, in words.
        detail: Why it is not healthy yet, in words.
        log: Its log file.
        memory_mb: Of it and its descendants, shared pages divided among them; filled when status is asked for.
    """

    name: str
    kind: str
    log: str
    state: State = "waiting"
    pid: int | None = None
    started: float | None = None
    port: int | None = None
    restarts: int = 0
    last_exit: str = ""
    detail: str = ""
    memory_mb: int = 0


class PlatformStatus(msgspec.Struct):
    """The supervisor's record, rewritten at each change.

    Attributes:
        supervisor: Its pid.
        boot: Identity of the machine's boot; pids of another boot mean nothing.
        processes: In the order of the plan.
    """

    supervisor: int
    boot: str
    processes: list[ProcessStatus]


def boot_id() -> str:
    """Return what changes when the machine boots."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return str(int(psutil.boot_time()))


def read_status(layout: Layout) -> PlatformStatus | None:
    """Return the supervisor's last record, None when there is none that can be read."""
    try:
        return msgspec.json.decode(layout.status.read_bytes(), type=PlatformStatus)
    except (OSError, msgspec.DecodeError):
        return None


def write_atomically(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Replace a file so that a reader sees the old content or the new, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as stream:
        stream.write(content)
    temporary.replace(path)


def find(pid: int | None, started: float | None) -> psutil.Process | None:
    """Return the process of this id if it is still the one that began then."""
    if pid is None or started is None:
        return None
    try:
        process = psutil.Process(pid)
        alive = abs(process.create_time() - started) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return None
    return process if alive else None


def family(pid: int, started: float) -> list[psutil.Process]:
    """Return a process, its descendants, and what is left of its session after it died."""
    leader = find(pid, started)
    found: dict[int, psutil.Process] = {}
    if leader is not None:
        found[pid] = leader
        with contextlib.suppress(psutil.Error):
            found |= {child.pid: child for child in leader.children(recursive=True)}
    elif psutil.pid_exists(pid) and not _zombie_or_gone(pid):
        # The number belongs to a stranger by now, and so does a session of that number.
        return []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == pid and process.create_time() >= started - 1.0:
                found[process.pid] = process
        except (OSError, psutil.Error):
            continue
    return list(found.values())


def _zombie_or_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


def marked(layout: Layout) -> list[psutil.Process]:
    """Return every process that carries this platform's mark, apart from the caller."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == str(layout.state):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def end(processes: list[psutil.Process], *, ask: signal.Signals | None = None, grace_s: float = 5.0) -> None:
    """End processes: ask first when there is a signal to ask with, then kill.

    Args:
        processes: Who shall go.
        ask: The signal that lets them end by themselves.
        grace_s: Seconds to wait after it.
    """
    if ask is not None:
        _signal(processes, ask)
        _, processes = psutil.wait_procs(processes, timeout=grace_s)
    _signal(processes, signal.SIGKILL)
    psutil.wait_procs(processes, timeout=5)


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.Error:
            continue


def memory_mb(status: ProcessStatus) -> int:
    """Return the memory of a process and its descendants in MiB: proportional where the system tells it."""
    leader = find(status.pid, status.started)
    if leader is None:
        return 0
    try:
        group = [leader, *leader.children(recursive=True)]
    except psutil.Error:
        return 0
    return sum(_memory(process) for process in group) >> 20


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, AttributeError):
        pass
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
