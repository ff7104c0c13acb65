"""Where the platform keeps what: every path below the state directory, named once."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from streamflow.settings import ENDPOINTS, SECRETS, Settings

SOCKET_PATH_LIMIT = 60
"""Longest temp directory, in characters, below which a Unix socket still fits into its 108 bytes."""


@dataclass(frozen=True)
class Layout:
    """Paths of one platform.

    Attributes:
        state: The absolute state directory.
        downloads: Jar archives; beside the state, not in it, so that a purge costs no download.
    """

    state: Path
    downloads: Path

    @classmethod
    def of(cls, settings: Settings) -> Layout:
        """Return the paths that belong to `settings`."""
        return cls(state=settings.state.resolve(), downloads=settings.root.resolve() / ".cache" / "jars")

    @property
    def run(self) -> Path:
        """Plan, status, locks: worth nothing once the platform is down."""
        return self.state / "run"

    @property
    def logs(self) -> Path:
        """One log file a process."""
        return self.state / "logs"

    @property
    def tmp(self) -> Path:
        """Temp files of every process."""
        return self.state / "tmp"

    @property
    def home(self) -> Path:
        """The home directory that the servers see, because the user's own may be read-only."""
        return self.state / "home"

    @property
    def kafka(self) -> Path:
        """Broker configuration and logs of topics."""
        return self.state / "kafka"

    @property
    def flink(self) -> Path:
        """Flink configuration, libraries, checkpoints and savepoints."""
        return self.state / "flink"

    @property
    def postgres(self) -> Path:
        """The PostgreSQL cluster; a symbolic link where its user could not reach the state directory."""
        return self.state / "postgres"

    @property
    def airflow(self) -> Path:
        """AIRFLOW_HOME."""
        return self.state / "airflow"

    @property
    def plan(self) -> Path:
        """What the supervisor shall run; holds passwords, mode 0600."""
        return self.run / "plan.json"

    @property
    def status(self) -> Path:
        """What the supervisor runs."""
        return self.run / "status.json"

    @property
    def lock(self) -> Path:
        """Held by the supervisor as long as it lives."""
        return self.run / "supervisor.lock"

    @property
    def hooks(self) -> Path:
        """Commands to run when a server has come back (see `streamflow.stack.platform.Platform.on_restart`)."""
        return self.state / "hooks.json"

    @property
    def ports(self) -> Path:
        """The ports chosen at the first start."""
        return self.state / "ports.json"

    @property
    def endpoints(self) -> Path:
        """What other commands read to find the servers."""
        return self.state / ENDPOINTS

    @property
    def secrets(self) -> Path:
        """Generated passwords, mode 0600."""
        return self.state / SECRETS

    def log(self, name: str) -> Path:
        """Return the log file of a process."""
        return self.logs / f"{name}.log"

    def create(self) -> None:
        """Make the directories that processes expect to exist."""
        for path in (self.run, self.logs, self.tmp, self.home, self.kafka, self.flink, self.airflow):
            path.mkdir(parents=True, exist_ok=True)

    def environment(self) -> dict[str, str]:
        """Return what keeps a process from writing outside the state directory."""
        env = {"HOME": str(self.home)}
        if len(str(self.tmp)) <= SOCKET_PATH_LIMIT:
            env["TMPDIR"] = str(self.tmp)
        return env

    def forget_run(self) -> None:
        """Remove what is worth nothing once the platform is down."""
        self.endpoints.unlink(missing_ok=True)
        for path in (self.run, self.tmp):
            shutil.rmtree(path, ignore_errors=True)

    def purge(self) -> None:
        """Remove all state; of a directory with a name of its own only what the platform put there."""
        self.forget_run()
        if self.postgres.is_symlink():
            shutil.rmtree(self.postgres.parent / self.postgres.readlink(), ignore_errors=True)
            self.postgres.unlink()
        for path in (self.kafka, self.flink, self.postgres, self.airflow, self.logs, self.home):
            shutil.rmtree(path, ignore_errors=True)
        for path in (self.ports, self.secrets, self.hooks):
            path.unlink(missing_ok=True)
        if self.state.name == ".streamflow":
            shutil.rmtree(self.state, ignore_errors=True)
        elif self.state.is_dir() and not any(self.state.iterdir()):
            self.state.rmdir()
