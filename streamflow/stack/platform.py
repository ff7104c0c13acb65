"""The local platform as one thing: bring it up, take it down, ask how it is."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence

import msgspec
import psutil

from streamflow import settings as configuration
from streamflow.errors import EnvironmentNotReady, InputError, nearest
from streamflow.settings import Settings
from streamflow.stack import airflow, credentials, flink, jars, kafka, ports, postgres
from streamflow.stack.layout import Layout
from streamflow.stack.process import (
    MARK,
    ProcessSpec,
    ProcessStatus,
    boot_id,
    end,
    family,
    find,
    marked,
    memory_mb,
    read_status,
    write_atomically,
)
from streamflow.stack.toolchain import python_path

PARTS = ("kafka", "postgres", "flink", "airflow")
START_S = 300.0
STOP_S = 180.0
GIVE_UP_AFTER = 4
"""Restarts of a process that was never healthy, after which waiting for it is pointless."""
RECOVERY = "jobs-recovery"

_DAEMONS: list[subprocess.Popen[bytes]] = []
"""Supervisors that this process started: they outlive it, and are reaped by it should they end before."""

Report = Callable[[list[ProcessStatus]], None]


class Platform:
    """Kafka, PostgreSQL, Flink and Airflow in one state directory.

    Args:
        settings: Say which directory, ports and sizes; replaced by `up` with settings that know the addresses.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.layout = Layout.of(settings)
        self._supervisor: subprocess.Popen[bytes] | None = None

    def up(
        self,
        *,
        without: Collection[str] = (),
        wait: bool = True,
        timeout_s: float = START_S,
        report: Report = lambda _processes: None,
        fetching: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> Settings:
        """Start what does not run yet; safe to call twice, and after any crash.

        Args:
            without: Parts to leave out, of "kafka", "postgres", "flink", "airflow".
            wait: Return only when all is healthy.
            timeout_s: How long to wait for that.
            report: Called with the state of all processes whenever it may have changed.
            fetching: Called with (fetched, wanted) while jars are downloaded.

        Returns:
            Settings that know addresses and passwords.

        Raises:
            InputError: A part that does not exist, or a profile that has servers of its own.
            EnvironmentNotReady: No network, no disk, a taken port, or a process that does not come up.
        """
        for name in without:
            if name not in PARTS:
                raise InputError(f"The platform has no part '{name}'; {nearest(name, PARTS)}")
        if self.settings.profile != "dev":
            raise InputError("The profile 'prod' uses servers that exist; only the profile 'dev' starts its own.")
        wanted = [part for part in PARTS if part not in without]
        if "postgres" in without and "airflow" in wanted:
            raise InputError("Airflow keeps its metadata in PostgreSQL; leave out both or neither.")
        self.layout.downloads.mkdir(parents=True, exist_ok=True)
        jars.fetch(self.layout.downloads, progress=fetching)
        self.layout.state.mkdir(parents=True, exist_ok=True)
        with self._operation():
            self._start(wanted)
        if wait:
            self._wait(timeout_s, report)
        configuration.settings.cache_clear()
        return self.settings

    def down(self, *, purge: bool = False) -> bool:
        """Stop everything, in order, and leave no process.

        Args:
            purge: Also remove the state: topics, databases, checkpoints, logs, secrets.

        Returns:
            Whether anything was running.
        """
        if not self.layout.state.is_dir():
            return False
        with self._operation():
            running = self._stop_supervisor()
            running = self._sweep() or running
            if purge:
                self.settings = _unlearn(self.settings, self.layout)
                self.layout.purge()
            else:
                self.layout.forget_run()
            (self.layout.state / "operation.lock").unlink(missing_ok=True)
            if purge:
                with contextlib.suppress(OSError):
                    self.layout.state.rmdir()
        configuration.settings.cache_clear()
        return running

    def status(self) -> list[ProcessStatus]:
        """Return what is known about each process; empty when the platform is down."""
        record = read_status(self.layout)
        if record is None:
            return []
        alive = self.supervisor_pid() is not None
        for process in record.processes:
            if not alive:
                left = record.boot == boot_id() and find(process.pid, process.started) is not None
                process.state = "orphaned" if left else "stopped"
                process.detail = "the supervisor died: run 'streamflow up'" if left else ""
            process.memory_mb = memory_mb(process)
        return record.processes

    def healthy(self) -> bool:
        """Tell whether every process is healthy or done."""
        processes = self.status()
        return bool(processes) and all(process.state in ("healthy", "done") for process in processes)

    def on_recovery(self, command: Sequence[str] | None) -> None:
        """Say what to run after each start of the job manager, so that jobs come back; None for nothing.

        Args:
            command: Words of a command; it must succeed also when there is nothing to bring back.
        """
        if command is None:
            self.layout.hooks.unlink(missing_ok=True)
        else:
            write_atomically(self.layout.hooks, json.dumps([list(command)]).encode())

    def supervisor_pid(self) -> int | None:
        """Return the pid of the living supervisor, None without one."""
        try:
            with self.layout.lock.open("r", encoding="ascii") as handle:
                try:
                    fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    pid = int(handle.read() or 0)
                    # A killed process has lost its memory, and so its command line, before it lets go of its lock.
                    return pid if pid and psutil.Process(pid).cmdline() else None
        except (OSError, ValueError, psutil.Error):
            pass
        return None

    @contextlib.contextmanager
    def _operation(self) -> Iterator[None]:
        """One `up` or `down` of a state directory at a time."""
        with (self.layout.state / "operation.lock").open("a", encoding="ascii") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _start(self, wanted: list[str]) -> None:
        running = self.supervisor_pid()
        claims: list[socket.socket] = []
        if running is None:
            self._sweep()
            self.layout.forget_run()
        self.layout.create()
        if running is None:
            chosen, claims = ports.choose(self.settings, self.layout.ports)
        else:
            chosen = json.loads(self.layout.ports.read_text(encoding="utf-8"))
        self.settings = credentials.with_secrets(self.settings, credentials.ensure(self.layout.secrets))
        self._write_plan(self._specs(wanted, chosen), running)
        self._write_endpoints(chosen)
        if running is None:
            self._spawn(claims)
        else:
            os.kill(running, signal.SIGHUP)

    def _specs(self, wanted: list[str], chosen: dict[str, int]) -> list[ProcessSpec]:
        makers = {
            "kafka": kafka.prepare,
            "postgres": postgres.prepare,
            "flink": flink.prepare,
            "airflow": airflow.prepare,
        }
        specs = [spec for part in wanted for spec in makers[part](self.layout, self.settings, chosen)]
        if "flink" in wanted:
            names = [s.name for s in specs if s.name.startswith(("kafka", "postgres", "jobmanager", "taskmanager"))]
            flink_env = next(spec.env for spec in specs if spec.name == "jobmanager")
            specs.append(
                ProcessSpec(
                    name=RECOVERY,
                    argv=(sys.executable, "-m", "streamflow.stack.recovery", str(self.layout.hooks)),
                    env=flink_env,
                    cwd=str(self.layout.run),
                    kind="task",
                    after=tuple(names),
                    again_with="jobmanager",
                )
            )
        return specs

    def _write_plan(self, specs: list[ProcessSpec], running: int | None) -> None:
        if running is not None:
            old = msgspec.json.decode(self.layout.plan.read_bytes(), type=list[ProcessSpec])
            known = {spec.name for spec in old}
            for spec in specs:
                if spec.name not in known and spec.port is not None and not ports.is_free(spec.port):
                    raise EnvironmentNotReady(
                        f"Port {spec.port} for {spec.name} is taken by {ports.holder(spec.port)}: stop that, or run "
                        "'streamflow down' and 'streamflow up' to choose another."
                    )
            specs = [*old, *(spec for spec in specs if spec.name not in known)]
        write_atomically(self.layout.plan, msgspec.json.encode(specs), mode=0o600)

    def _write_endpoints(self, chosen: dict[str, int]) -> None:
        """Record where the servers are, in the shape of `Settings`, and know it in this process too."""
        planned = {s.name for s in msgspec.json.decode(self.layout.plan.read_bytes(), type=list[ProcessSpec])}
        checkpoints = flink.checkpoint_dir(self.layout, self.settings)
        every: dict[str, tuple[str, dict[str, object]]] = {
            "kafka": ("kafka", {"bootstrap_servers": f"{ports.LOOPBACK}:{chosen['kafka']}"}),
            "flink": (
                "jobmanager",
                {"rest_url": f"http://{ports.LOOPBACK}:{chosen['flink']}", "checkpoint_dir": checkpoints},
            ),
            "postgres": ("postgres", {"host": ports.LOOPBACK, "port": chosen["postgres"]}),
            "airflow": ("airflow-api", {"url": f"http://{ports.LOOPBACK}:{chosen['airflow']}"}),
        }
        found = {part: values for part, (process, values) in every.items() if process in planned}
        write_atomically(self.layout.endpoints, json.dumps(found, indent=1).encode())
        self.settings = self.settings.model_copy(
            update={part: getattr(self.settings, part).model_copy(update=values) for part, values in found.items()}
        )

    def _spawn(self, claims: list[socket.socket]) -> None:
        """Start the supervisor in a session of its own; it inherits the reservations of ports."""
        env = {**os.environ, "PYTHONPATH": python_path(), MARK: str(self.layout.state)}
        with self.layout.log("supervisor").open("ab") as output:
            self._supervisor = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "streamflow.stack.supervisor",
                    str(self.layout.state),
                    str(self.layout.downloads),
                ],
                env=env,
                cwd=self.layout.state,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[claim.fileno() for claim in claims],
            )
        _DAEMONS.append(self._supervisor)
        for claim in claims:
            claim.close()

    def _wait(self, timeout_s: float, report: Report) -> None:
        """Wait until every process is healthy, or every task done.

        Raises:
            EnvironmentNotReady: One does not get there; what this call started is stopped again.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            record = read_status(self.layout)
            processes = record.processes if record else []
            report(processes)
            open_ones = [p for p in processes if p.state not in ("healthy", "done") and not _optional(p)]
            planned = msgspec.json.decode(self.layout.plan.read_bytes(), type=list[ProcessSpec])
            if len(processes) == len(planned) and not open_ones:
                return
            hopeless = [p for p in open_ones if p.restarts >= GIVE_UP_AFTER]
            gone = self._supervisor is not None and self._supervisor.poll() is not None
            if hopeless or gone or time.monotonic() > deadline:
                if self._supervisor is not None:
                    with self._operation():
                        self._stop_supervisor()
                        self._sweep()
                raise EnvironmentNotReady(self._why(hopeless or open_ones, timeout_s))
            time.sleep(0.2)

    def _why(self, processes: list[ProcessStatus], timeout_s: float) -> str:
        if not processes:
            return f"The supervisor did not come up: see {self.layout.log('supervisor')}."
        first = processes[0]
        reason = ", ".join(filter(None, (first.detail, first.last_exit))) or f"still {first.state}"
        when = f"after {first.restarts} restarts" if first.restarts else f"within {timeout_s:g} s"
        return f"{first.name} did not become healthy {when} ({reason}): see {first.log}."

    def _stop_supervisor(self) -> bool:
        pid = self.supervisor_pid()
        if pid is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        if self._supervisor is not None and self._supervisor.pid == pid:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._supervisor.wait(STOP_S)
        deadline = time.monotonic() + STOP_S
        while self.supervisor_pid() is not None and time.monotonic() < deadline:
            time.sleep(0.05)
        if self.supervisor_pid() is not None:
            with contextlib.suppress(psutil.Error):
                end([psutil.Process(pid)])
        return True

    def _sweep(self) -> bool:
        """End what a dead supervisor left: by its record of pids and start times, then by the mark."""
        left: list[psutil.Process] = []
        record = read_status(self.layout)
        if record is not None and record.boot == boot_id():
            for process in record.processes:
                if process.pid is None or process.started is None:
                    continue
                group = family(process.pid, process.started)
                if process.name == "postgres":
                    # Told to stop fast it flushes and ends all its sessions; killed, it would have to recover.
                    end([p for p in group if p.pid == process.pid], ask=signal.SIGINT, grace_s=30)
                left += group
        left = [process for process in {*left, *marked(self.layout)} if process.is_running()]
        end(left, ask=signal.SIGTERM, grace_s=10)
        return bool(left)


def _unlearn(settings: Settings, layout: Layout) -> Settings:
    """Return settings without the addresses and secrets that this state directory gave them.

    The next start makes new ones; what the user set stays.
    """
    for path in (layout.endpoints, layout.secrets):
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        for name, values in kept.items():
            section = getattr(settings, name)
            fields = type(section).model_fields
            update = {
                field: fields[field].get_default(call_default_factory=True)
                for field, value in values.items()
                if getattr(section, field) == value
            }
            settings = settings.model_copy(update={name: section.model_copy(update=update)})
    return settings


def _optional(process: ProcessStatus) -> bool:
    """Tell whether a start may succeed without this process: jobs that cannot come back must not block repair."""
    return process.name == RECOVERY and process.restarts > 0
