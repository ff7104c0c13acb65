"""Airflow: API server, scheduler and DAG processor as three supervised processes, metadata in PostgreSQL.

No process of it listens on anything but loopback: the scheduler's server for task logs, which Airflow binds to all
interfaces, is not started, because the API server reads the log files of this machine itself.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from streamflow.settings import Settings
from streamflow.stack.layout import Layout
from streamflow.stack.ports import LOOPBACK
from streamflow.stack.postgres import AIRFLOW_ROLE
from streamflow.stack.process import MARK, ProcessSpec
from streamflow.stack.toolchain import flink_env

NO_PROXY = f"{LOOPBACK},localhost"


def configuration(layout: Layout, settings: Settings, ports: dict[str, int]) -> dict[str, str]:
    """Return Airflow's settings as environment variables."""
    url = f"http://{LOOPBACK}:{ports['airflow']}"
    # psycopg 3 works only if both addresses name it.
    password = quote(settings.postgres.password(AIRFLOW_ROLE), safe="")
    database = f"postgresql+psycopg://{AIRFLOW_ROLE}:{password}@{LOOPBACK}:{ports['postgres']}/airflow_db"
    values = {
        "core": {
            "executor": "LocalExecutor",
            "parallelism": "4",
            "dags_folder": str(settings.root.resolve() / "dags"),
            "load_examples": "False",
            "dags_are_paused_at_creation": "True",
            "execution_api_server_url": f"{url}/execution/",
            "simple_auth_manager_all_admins": "True",
            "simple_auth_manager_passwords_file": str(layout.airflow / "users.json"),
            "fernet_key": settings.airflow.fernet_key,
        },
        "database": {"sql_alchemy_conn": database, "sql_alchemy_conn_async": database, "sql_alchemy_pool_size": "5"},
        "api": {
            "host": LOOPBACK,
            "port": str(ports["airflow"]),
            "base_url": url,
            "workers": "1",
            "secret_key": settings.airflow.secret_key,
        },
        "api_auth": {"jwt_secret": settings.airflow.jwt_secret},
        "logging": {"base_log_folder": str(layout.logs / "airflow")},
        "dag_processor": {"parsing_processes": "1", "refresh_interval": "30"},
        "usage_data_collection": {"enabled": "False"},
    }
    return {
        f"AIRFLOW__{group}__{name}".upper(): value for group, pairs in values.items() for name, value in pairs.items()
    }


def environment(layout: Layout, settings: Settings, ports: dict[str, int]) -> dict[str, str]:
    """Return the whole environment of Airflow's processes and commands, with Flink's for the tasks that need it."""
    env = {name: value for name, value in flink_env(settings).items() if not name.startswith("AIRFLOW_")}
    beside = [os.environ[name] for name in ("NO_PROXY", "no_proxy") if os.environ.get(name)]
    no_proxy = ",".join([NO_PROXY, *beside[:1]])
    return env | {
        "AIRFLOW_HOME": str(layout.airflow),
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        MARK: str(layout.state),
        **configuration(layout, settings, ports),
    }


def prepare(layout: Layout, settings: Settings, ports: dict[str, int]) -> list[ProcessSpec]:
    """Return the migration task and the three servers to run."""
    env = environment(layout, settings, ports)
    program = str(Path(sys.executable).parent / "airflow")
    stamp = layout.airflow / f"migrated-{version('apache-airflow')}"
    # A command of Airflow's costs seconds, so a database that this version has migrated is not asked again.
    script = '[ -e "$1" ] || { "$0" db migrate && : > "$1"; }'
    migrate = ProcessSpec(
        name="airflow-migrate",
        argv=("/bin/sh", "-c", script, program, str(stamp)),
        env=env,
        cwd=str(layout.airflow),
        kind="task",
        after=("postgres-setup",),
    )
    url = f"http://{LOOPBACK}:{ports['airflow']}"
    servers = (
        ("airflow-api", ("api-server",), "api", ports["airflow"]),
        ("airflow-scheduler", ("scheduler", "--skip-serve-logs"), "scheduler", None),
        ("airflow-dag-processor", ("dag-processor",), "dag_processor", None),
    )
    return [
        migrate,
        *(
            ProcessSpec(
                name=name,
                argv=(program, *arguments),
                env=env,
                cwd=str(layout.airflow),
                after=("airflow-migrate",),
                probe=("airflow", f"{url} {component}"),
                port=port,
                stop_grace_s=15,
            )
            for name, arguments, component, port in servers
        ),
    ]
