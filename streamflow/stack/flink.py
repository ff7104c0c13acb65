"""The Flink session cluster: a job manager and task managers of one slot each."""

from __future__ import annotations

import sys
from pathlib import Path

from streamflow.errors import EnvironmentNotReady
from streamflow.settings import Settings
from streamflow.stack.jars import class_path
from streamflow.stack.layout import Layout
from streamflow.stack.ports import LOOPBACK
from streamflow.stack.process import MARK, ProcessSpec
from streamflow.stack.toolchain import flink_env, flink_home

LOG4J = """\
rootLogger.level = {level}
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = CONSOLE
appender.console.target = {target}
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{{yyyy-MM-dd'T'HH:mm:ss.SSSX}}{{UTC}} %-5p %c{{1.}} %m%n
logger.kafka.name = org.apache.kafka
logger.kafka.level = WARN
logger.pekko.name = org.apache.pekko
logger.pekko.level = WARN
"""

# Flink's own list for Java 17 (conf/config.yaml of the distribution); a configuration of ours must repeat it.
OPENED = (
    *(f"--add-exports={name}=ALL-UNNAMED" for name in (
        "java.rmi/sun.rmi.registry",
        "jdk.compiler/com.sun.tools.javac.api",
        "jdk.compiler/com.sun.tools.javac.file",
        "jdk.compiler/com.sun.tools.javac.parser",
        "jdk.compiler/com.sun.tools.javac.tree",
        "jdk.compiler/com.sun.tools.javac.util",
        "java.security.jgss/sun.security.krb5",
    )),
    *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in (
        "java.lang", "java.net", "java.io", "java.nio", "sun.nio.ch", "java.lang.reflect", "java.text", "java.time",
        "java.util", "java.util.concurrent", "java.util.concurrent.atomic", "java.util.concurrent.locks",
    )),
)  # fmt: skip


def checkpoint_dir(layout: Layout, settings: Settings) -> str:
    """Return where checkpoints go, as a URI."""
    return settings.flink.checkpoint_dir or (layout.flink / "checkpoints").as_uri()


def configuration(layout: Layout, settings: Settings, ports: dict[str, int]) -> dict[str, str]:
    """Return the cluster's configuration; what each value is for stands in docs and in Flink's reference."""
    options = (
        *OPENED,
        "-Duser.timezone=UTC",
        "-XX:-UsePerfData",
        "-XX:+UseSerialGC",
        f"-Djava.io.tmpdir={layout.tmp}",
    )
    flink = settings.flink
    return {
        "env.java.opts.all": " ".join(options),
        # The client lives for seconds: the second compiler would take more time than it gives back.
        "env.java.opts.client": "-XX:TieredStopAtLevel=1",
        "jobmanager.rpc.address": LOOPBACK,
        "jobmanager.bind-host": LOOPBACK,
        "jobmanager.rpc.port": str(ports["flink_rpc"]),
        "jobmanager.memory.process.size": f"{flink.jobmanager_memory_mb}m",
        "jobmanager.memory.off-heap.size": "64m",
        "jobmanager.memory.jvm-overhead.min": "128m",
        "jobmanager.execution.failover-strategy": "region",
        "rest.address": LOOPBACK,
        "rest.bind-address": LOOPBACK,
        "rest.port": str(ports["flink"]),
        "rest.bind-port": str(ports["flink"]),
        "taskmanager.host": LOOPBACK,
        "taskmanager.bind-host": LOOPBACK,
        "taskmanager.memory.process.size": f"{flink.taskmanager_memory_mb}m",
        # The heap backend needs no managed memory and Python runs in threads; a little remains for SQL operators.
        "taskmanager.memory.managed.size": "32m",
        "taskmanager.memory.network.min": "64m",
        "taskmanager.memory.network.max": "64m",
        "taskmanager.memory.jvm-overhead.min": "128m",
        "taskmanager.numberOfTaskSlots": "1",
        "heartbeat.interval": "2s",
        "heartbeat.timeout": "10s",
        # Acknowledgements of a change of the rules are read from metrics; the default would show them 10 s late.
        "metrics.fetcher.update-interval": "500ms",
        # And a fetch that asks a task manager which just died holds up all others so long; by default for 10 minutes.
        "web.timeout": "30s",
        "io.tmp.dirs": str(layout.tmp),
        "web.tmpdir": str(layout.tmp),
        "state.backend.type": "hashmap",
        "execution.checkpointing.interval": f"{flink.checkpoint_interval_ms}ms",
        "execution.checkpointing.dir": checkpoint_dir(layout, settings),
        "execution.checkpointing.savepoint-dir": (layout.flink / "savepoints").as_uri(),
        # A job manager that dies forgets its jobs: they are submitted again from these (see streamflow.stack.platform).
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "execution.checkpointing.num-retained": "3",
        "execution.checkpointing.tolerable-failed-checkpoints": "100",
        # No end of attempts: an outage of PostgreSQL may last, and a job that gave up would stay down.
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "1s",
        "restart-strategy.exponential-delay.max-backoff": "10s",
        "table.exec.sink.upsert-materialize": "NONE",
        "table.exec.sink.not-null-enforcer": "DROP",
        "table.exec.source.idle-timeout": "5s",
        "table.local-time-zone": "UTC",
        "python.execution-mode": "thread",
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
    }


def prepare(layout: Layout, settings: Settings, ports: dict[str, int]) -> list[ProcessSpec]:
    """Write configuration and library folder, and return job manager and task managers to run.

    Raises:
        EnvironmentNotReady: The state directory has a blank in its path, which Flink's scripts cannot take.
    """
    if any(" " in str(path) for path in (layout.state, layout.downloads, sys.prefix)):
        raise EnvironmentNotReady(
            f"Flink's scripts cannot run in a folder with a blank in its name: move {layout.state}."
        )
    _write_conf(layout, configuration(layout, settings, ports))
    _link_libraries(layout)
    # Coverage of subprocesses would start in the task managers' Python too, and slow every record.
    env = {name: value for name, value in flink_env(settings).items() if not name.startswith("COV")}
    env[MARK] = str(layout.state)
    scripts, url = flink_home() / "bin", f"http://{LOOPBACK}:{ports['flink']}"
    jobmanager = ProcessSpec(
        name="jobmanager",
        argv=("bash", str(scripts / "jobmanager.sh"), "start-foreground"),
        env=env,
        cwd=str(layout.flink),
        probe=("jobmanager", url),
        port=ports["flink"],
        stop_rank=2,
        stop_grace_s=10,
    )
    return [
        jobmanager,
        *(_taskmanager(f"taskmanager-{n + 1}", layout, env, url) for n in range(settings.flink.taskmanagers)),
    ]


def _taskmanager(name: str, layout: Layout, env: dict[str, str], url: str) -> ProcessSpec:
    # A fixed resource id: when a killed one registers again, the job manager knows at once that the old one is dead,
    # instead of after the heartbeat timeout.
    script = str(flink_home() / "bin" / "taskmanager.sh")
    return ProcessSpec(
        name=name,
        argv=("bash", script, "start-foreground", "-D", f"taskmanager.resource-id={name}"),
        env=env,
        cwd=str(layout.flink),
        probe=("taskmanager", f"{url} {name}"),
        stop_rank=1,
        stop_grace_s=10,
    )


def _write_conf(layout: Layout, values: dict[str, str]) -> None:
    import yaml

    conf = layout.flink / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    (conf / "config.yaml").write_text(yaml.safe_dump(values, width=10**6, sort_keys=False), encoding="utf-8")
    (conf / "log4j-console.properties").write_text(LOG4J.format(level="INFO", target="SYSTEM_OUT"), encoding="utf-8")
    # The client prints results on stdout, so its log goes to stderr.
    (conf / "log4j-cli.properties").write_text(LOG4J.format(level="WARN", target="SYSTEM_ERR"), encoding="utf-8")
    for folder in ("checkpoints", "savepoints"):
        (layout.flink / folder).mkdir(exist_ok=True)


def _link_libraries(layout: Layout) -> None:
    """Make one folder of links to the wheel's libraries and our connectors: nothing is written into the wheel."""
    lib = layout.flink / "lib"
    lib.mkdir(exist_ok=True)
    home = flink_home()
    jars: list[Path] = [
        *home.glob("lib/*.jar"),
        *home.glob("opt/flink-python-*.jar"),
        *class_path(layout.downloads, "flink"),
    ]
    for stale in {path.name for path in lib.iterdir()} - {jar.name for jar in jars}:
        (lib / stale).unlink()
    for jar in jars:
        link = lib / jar.name
        if not (link.is_symlink() and link.readlink() == jar):
            link.unlink(missing_ok=True)
            link.symlink_to(jar)
