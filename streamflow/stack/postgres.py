"""PostgreSQL: a cluster of its own, the layers' databases, and roles that may do as little as they need.

Run as a module it is the task that brings roles, databases and extensions to what they should be; it may run twice.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamflow.errors import EnvironmentNotReady
from streamflow.settings import Role, Settings, load_settings
from streamflow.stack.layout import Layout
from streamflow.stack.ports import LOOPBACK
from streamflow.stack.process import MARK, ProcessSpec
from streamflow.stack.toolchain import pg_bin, python_path

if TYPE_CHECKING:
    import psycopg

SUPERUSER = "postgres"
AIRFLOW_ROLE = "airflow"
ROLES: tuple[Role, ...] = ("owner", "ingest", "transform", "reader")
PASSWORDS = (*ROLES, AIRFLOW_ROLE, "superuser")
DATABASES: dict[str, tuple[Role, ...]] = {
    "bronze_db": ("ingest", "transform", "reader"),
    # The stream writes its own aggregates into gold; silver is made by transforms alone.
    "silver_db": ("transform", "reader"),
    "gold_db": ("ingest", "transform", "reader"),
}
"""Each layer's database, and which roles beside the owner may connect to it."""
EXTENSIONS = {
    "bronze_db": ("pg_stat_statements", "btree_gist"),
    "silver_db": ("pg_stat_statements", "btree_gist", "postgres_fdw"),
    "gold_db": ("pg_stat_statements", "btree_gist", "postgres_fdw"),
}


def prepare(layout: Layout, settings: Settings, ports: dict[str, int]) -> list[ProcessSpec]:
    """Create the cluster once, and return the server and its set-up task.

    Raises:
        EnvironmentNotReady: The cluster cannot be created, or root finds no user to run it.
    """
    account = unprivileged()
    binaries = _binaries(layout, account)
    data = _home(layout, account) / "data"
    if not (data / "PG_VERSION").exists():
        _initdb(layout, binaries, data, account, settings.postgres.password("superuser"))
    _drop_stale_pid(data)
    env = {**os.environ, **layout.environment(), MARK: str(layout.state)}
    dsn = f"host={LOOPBACK} port={ports['postgres']} dbname=postgres user={SUPERUSER} application_name=streamflow-probe"
    server = ProcessSpec(
        name="postgres",
        argv=(str(binaries / "postgres"), "-D", str(data), *_options(settings, ports["postgres"])),
        env={name: value for name, value in env.items() if not name.startswith("PG")},
        cwd=str(data),
        probe=("postgres", f"{dsn} password={settings.postgres.password('superuser')}"),
        port=ports["postgres"],
        stop_rank=4,
        stop_signal=int(signal.SIGINT),
        stop_grace_s=60,
        user=account.pw_name if account else "",
    )
    task = ProcessSpec(
        name="postgres-setup",
        argv=(sys.executable, "-m", "streamflow.stack.postgres", str(ports["postgres"])),
        env={
            **env,
            "PYTHONPATH": python_path(),
            "STREAMFLOW_HOME": str(layout.state),
            "STREAMFLOW_ROOT": str(settings.root.resolve()),
        },
        cwd=str(layout.run),
        kind="task",
        after=("postgres",),
    )
    return [server, task]


def _options(settings: Settings, port: int) -> list[str]:
    values = {
        "listen_addresses": LOOPBACK,
        "port": port,
        "unix_socket_directories": "",
        "shared_preload_libraries": "pg_stat_statements",
        "max_connections": 100,
        "shared_buffers": "128MB",
        "max_wal_size": "2GB",
        "fsync": "on" if settings.postgres.fsync else "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%u@%d %a ",
        "password_encryption": "scram-sha-256",
        # Fewer processes in the background: the machine has two cores.
        "io_method": "sync",
        "max_parallel_workers_per_gather": 1,
        "autovacuum_max_workers": 2,
    }
    return [part for name, value in values.items() for part in ("-c", f"{name}={value}")]


def unprivileged() -> pwd.struct_passwd | None:
    """Return the user that runs the server when the caller is root, whom PostgreSQL refuses; None for anybody else.

    Raises:
        EnvironmentNotReady: The machine has no user `nobody`.
    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise EnvironmentNotReady(
            "PostgreSQL refuses to run as root and this machine has no user 'nobody': run as an ordinary user."
        ) from None


def _as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}


def _binaries(layout: Layout, account: pwd.struct_passwd | None) -> Path:
    """Return PostgreSQL's programs where `account` can run them, copied out of a closed home if need be (41 MB)."""
    installed = pg_bin()
    if account is None or _runs(installed, account):
        return installed
    package = installed.parents[1]
    copy = _home(layout, account) / "programs"
    if not (copy / "complete").exists():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(package / "pginstall", copy / package.name / "pginstall", symlinks=True)
        shutil.copytree(package.with_name(f"{package.name}.libs"), copy / f"{package.name}.libs", symlinks=True)
        for path in (copy, *copy.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
        (copy / "complete").touch()
    binaries = copy / package.name / "pginstall" / "bin"
    if not _runs(binaries, account):
        raise EnvironmentNotReady(
            f"PostgreSQL's programs do not run as '{account.pw_name}' from {binaries}: set TMPDIR to a folder that "
            "everybody may enter and that allows programs."
        )
    return binaries


def _runs(binaries: Path, account: pwd.struct_passwd) -> bool:
    try:
        done = subprocess.run(
            [binaries / "postgres", "--version"], capture_output=True, check=False, cwd="/", **_as(account)
        )
    except OSError:
        return False
    return done.returncode == 0


def _home(layout: Layout, account: pwd.struct_passwd | None) -> Path:
    """Return the server's folder: below the state directory, or where its user can reach it, with a link to there."""
    home = layout.postgres
    if home.exists():
        return home.resolve()
    if account is None:
        home.mkdir(mode=0o700)
        return home
    home.unlink(missing_ok=True)  # a link whose target is gone, as after a reboot that empties /tmp
    home.mkdir(mode=0o700)
    os.chown(home, account.pw_uid, account.pw_gid)
    if _can_enter(home, account):
        return home
    home.rmdir()
    # A system-wide temp folder on purpose: the caller's own state directory is closed to the server's user.
    name = f"streamflow-postgres-{sha256(str(layout.state).encode()).hexdigest()[:12]}"
    for base in (Path(tempfile.gettempdir()), Path("/var/tmp"), Path("/tmp")):  # noqa: S108
        elsewhere = base / name
        with contextlib.suppress(OSError):
            elsewhere.mkdir(mode=0o700, exist_ok=True)
            if elsewhere.stat().st_uid not in (0, account.pw_uid):
                continue
            os.chown(elsewhere, account.pw_uid, account.pw_gid)
            if _can_enter(elsewhere, account):
                home.symlink_to(elsewhere)
                return elsewhere
            elsewhere.rmdir()
    raise EnvironmentNotReady(
        f"The user '{account.pw_name}', who must run PostgreSQL for root, can enter neither {layout.state} nor a temp "
        "folder: set STREAMFLOW_HOME to a folder that everybody may enter."
    )


def _can_enter(folder: Path, account: pwd.struct_passwd) -> bool:
    done = subprocess.run(
        ["/bin/sh", "-c", 'cd "$0"', folder], capture_output=True, check=False, cwd="/", **_as(account)
    )
    return done.returncode == 0


def _initdb(layout: Layout, binaries: Path, data: Path, account: pwd.struct_passwd | None, password: str) -> None:
    shutil.rmtree(data, ignore_errors=True)
    password_file = data.parent / "password"
    with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(password)
    if account:
        os.chown(password_file, account.pw_uid, account.pw_gid)
    # The builtin provider sorts the same on every machine; names sort by code point, text is UTF-8.
    locale = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    auth = ("--auth=scram-sha-256", f"--username={SUPERUSER}", f"--pwfile={password_file}")
    # No flush: a cluster that a power cut takes in this second is simply made again.
    command = [str(binaries / "initdb"), "-D", str(data), "--no-instructions", "--no-sync", *locale, *auth]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=data.parent,
        env={**os.environ, "LC_ALL": "C"},
        **_as(account),
    )
    password_file.unlink()
    if done.returncode:
        shutil.rmtree(data, ignore_errors=True)
        layout.log("postgres").write_text(done.stdout + done.stderr, encoding="utf-8")
        raise EnvironmentNotReady(f"PostgreSQL cannot create its cluster in {data}: see {layout.log('postgres')}.")


def _drop_stale_pid(data: Path) -> None:
    """Remove a pid file of a dead server whose number belongs to another program now; the server would not start."""
    import psutil

    path = data / "postmaster.pid"
    try:
        pid = int(path.read_text(encoding="ascii").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        if "postgres" in psutil.Process(pid).name():
            return
    path.unlink(missing_ok=True)


def set_up(settings: Settings, port: int) -> None:
    """Bring roles, databases, extensions and grants to what they should be.

    Args:
        settings: Tell names and passwords of roles.
        port: Of the running server.
    """
    from psycopg import sql

    with _connect(settings, port, "postgres") as connection:
        for role in ROLES:
            _role(connection, settings.postgres.user(role), settings.postgres.password(role))
        _role(connection, AIRFLOW_ROLE, settings.postgres.password(AIRFLOW_ROLE))
        owner = sql.Identifier(settings.postgres.user("owner"))
        connection.execute(sql.SQL("GRANT pg_read_all_stats TO {}").format(owner))
        for database, guests in DATABASES.items():
            _database(
                connection, database, settings.postgres.user("owner"), [settings.postgres.user(r) for r in guests]
            )
        _database(connection, "airflow_db", AIRFLOW_ROLE, [])
    for database, extensions in EXTENSIONS.items():
        with _connect(settings, port, database) as connection:
            for extension in extensions:
                name = sql.Identifier(extension)
                connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(name))
                if extension == "postgres_fdw":
                    connection.execute(sql.SQL("GRANT USAGE ON FOREIGN DATA WRAPPER {} TO {}").format(name, owner))


def _connect(settings: Settings, port: int, database: str) -> psycopg.Connection[Any]:
    import psycopg

    return psycopg.connect(
        host=LOOPBACK,
        port=port,
        dbname=database,
        user=SUPERUSER,
        password=settings.postgres.password("superuser"),
        application_name="streamflow-setup",
        autocommit=True,
        connect_timeout=10,
    )


def _role(connection: psycopg.Connection[Any], name: str, password: str) -> None:
    from psycopg import sql

    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    text = "ALTER ROLE {} LOGIN PASSWORD {}" if known else "CREATE ROLE {} LOGIN PASSWORD {}"
    connection.execute(sql.SQL(text).format(sql.Identifier(name), sql.Literal(password)))


def _database(connection: psycopg.Connection[Any], name: str, owner: str, guests: list[str]) -> None:
    from psycopg import sql

    database, master = sql.Identifier(name), sql.Identifier(owner)
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, master))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    for guest in guests:
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, sql.Identifier(guest)))


if __name__ == "__main__":
    set_up(load_settings(), int(sys.argv[1]))
