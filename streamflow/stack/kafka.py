"""The broker: one node in KRaft mode, controller and broker in one process."""

from __future__ import annotations

import os
import subprocess
import uuid
from base64 import urlsafe_b64encode

from streamflow.errors import EnvironmentNotReady
from streamflow.settings import Settings
from streamflow.stack.jars import class_path
from streamflow.stack.layout import Layout
from streamflow.stack.ports import LOOPBACK
from streamflow.stack.process import MARK, ProcessSpec
from streamflow.stack.toolchain import java, java_home

LOG4J = """\
status = warn
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd'T'HH:mm:ss.SSSX} %-5p %c{1.} %m%n
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
"""


def properties(layout: Layout, ports: dict[str, int]) -> dict[str, str]:
    """Return the broker's configuration."""
    broker, controller = f"{LOOPBACK}:{ports['kafka']}", f"{LOOPBACK}:{ports['kafka_controller']}"
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
        "controller.quorum.bootstrap.servers": controller,
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(layout.kafka / "data"),
        # Topics come from their contracts; one that appears by a typing error would swallow records.
        "auto.create.topics.enable": "false",
        # Records carry simulated times of last month: with any limit the broker may delete them at once.
        "log.retention.hours": "-1",
        "offsets.topic.num.partitions": "1",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        # A dead letter carries its source record and more, so it may be twice as large (see its contract).
        "message.max.bytes": str(2 << 20),
        "log.cleaner.dedupe.buffer.size": str(4 << 20),
        "num.network.threads": "2",
        "num.io.threads": "4",
    }


def _environment(layout: Layout) -> dict[str, str]:
    return {**os.environ, **layout.environment(), "JAVA_HOME": str(java_home()), MARK: str(layout.state)}


def _command(layout: Layout, heap_mb: int, entry: str, *arguments: str) -> tuple[str, ...]:
    return (
        str(java()),
        f"-Xms{heap_mb // 2}m",
        f"-Xmx{heap_mb}m",
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.awt.headless=true",
        "-Duser.timezone=UTC",
        f"-Djava.io.tmpdir={layout.tmp}",
        f"-Dlog4j2.configurationFile={layout.kafka / 'log4j2.properties'}",
        "-cp",
        os.pathsep.join(map(str, class_path(layout.downloads, "broker"))),
        entry,
        *arguments,
    )


def prepare(layout: Layout, settings: Settings, ports: dict[str, int]) -> list[ProcessSpec]:
    """Write the configuration, format the storage once, and return the broker to run.

    Raises:
        EnvironmentNotReady: The storage cannot be formatted.
    """
    config = layout.kafka / "server.properties"
    lines = (f"{name}={value}" for name, value in properties(layout, ports).items())
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (layout.kafka / "log4j2.properties").write_text(LOG4J, encoding="utf-8")
    if not (layout.kafka / "data" / "meta.properties").exists():
        _format(layout, str(config))
    return [
        ProcessSpec(
            name="kafka",
            argv=_command(layout, settings.kafka.heap_mb, "kafka.Kafka", str(config)),
            env=_environment(layout),
            cwd=str(layout.kafka),
            probe=("kafka", f"{LOOPBACK}:{ports['kafka']}"),
            port=ports["kafka"],
            stop_rank=3,
        )
    ]


def cluster_id() -> str:
    """Return a new id of a cluster; one that begins with a hyphen the storage tool would take for an option."""
    while (made := urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return made


def _format(layout: Layout, config: str) -> None:
    cluster = cluster_id()
    tool = ("kafka.tools.StorageTool", "format", "-t", cluster, "-c", config, "--standalone")
    done = subprocess.run(
        _command(layout, 256, *tool), env=_environment(layout), capture_output=True, text=True, check=False
    )
    if done.returncode:
        layout.log("kafka").write_text(done.stdout + done.stderr, encoding="utf-8")
        said = (done.stdout + done.stderr).strip().splitlines() or [f"exit code {done.returncode}"]
        raise EnvironmentNotReady(
            f"Kafka cannot format its storage in {layout.kafka} ({said[-1].strip()}): see {layout.log('kafka')}."
        )
