"""Detectors side by side on one log: the Flink job, Quix Streams, plain Python; each alone, in turns."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from streamflow.bench.detectors.environment import quix_python
from streamflow.bench.detectors.work import BEGAN, DECISIONS, TOPICS, Task
from streamflow.bench.measures import Measure, Section
from streamflow.bench.throughput import detector_seconds
from streamflow.bench.watch import LastRecord
from streamflow.broker import committed_offsets, connect, read_logs
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.errors import StreamFlowError
from streamflow.jobs.submission import FlinkClient
from streamflow.replay.rule_topic import read_rule_records
from streamflow.settings import Settings

PROCESSES = 2
DEADLINE_S = 600.0
PAUSE_S = 0.25
GROUP = "streamflow-bench"
QUIX = "Quix Streams, two processes"
PLAIN = "plain Python and a dict, two processes"
FLINK = "fraud_detector, two task managers"
METHOD = (
    "The same log, validator, engine and rule set; decisions, alerts and late purchases go to topics. Each runs on "
    "the same two cores, which the broker shares: the Flink job in two task managers with checkpoints, Quix Streams "
    "in two processes with RocksDB and its changelog topic, both at least once; plain Python in two processes with "
    "half of the partitions each, its states in a dict that a crash would lose. The clock runs from the first record "
    "that any process takes (for Flink from the moment that all tasks run, which is earlier) until the last decision "
    "is in Kafka. One round before does not count."
)


def detectors(
    settings: Settings,
    client: FlinkClient,
    purchases: int,
    runs: int,
    say: Callable[[str], None],
    *,
    note: str = "",
) -> Section:
    """Measure the three on a log that is already there.

    Args:
        settings: Of a platform whose log holds `purchases` clean purchases, and rules.
        client: The `flink` command.
        purchases: How many records transactions.raw has.
        runs: Rounds that count.
        say: Told what is being done.
        note: What is particular about the log or the rules, for the title.

    Raises:
        StreamFlowError: One of them does not finish, or they decide differently often.
    """
    _ensure_topics(settings)
    twofold = settings.model_copy(update={"flink": settings.flink.model_copy(update={"parallelism": PROCESSES})})
    quix = quix_python(settings)
    trials: dict[str, Callable[[str], float]] = {
        PLAIN: lambda group: _processes(settings, Path(sys.executable), "plain", group),
        QUIX: lambda group: _processes(settings, quix, "quix", group),
        FLINK: lambda _: detector_seconds(twofold, client),
    }
    found: dict[str, list[float]] = {name: [] for name in trials}
    for number in range(runs + 1):
        for name, trial in trials.items():
            rate = purchases / trial(f"{GROUP}-{time.time_ns()}")
            say(f"{'warm-up' if number == 0 else f'run {number}'}: {name} {rate:,.0f} records/s")
            if number:
                found[name].append(rate)
    measures = [Measure(name, "records/s", rates, "" if name == QUIX else QUIX) for name, rates in found.items()]
    title = f"Detectors side by side over {purchases:,} purchases" + (f", {note}" if note else "")
    return Section(title, METHOD, measures)


def _ensure_topics(settings: Settings) -> None:
    """Create the topics of the two that are not ours, with the partitions of the purchases."""
    from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]

    admin = connect(settings)
    partitions = len(read_logs(settings, [TRANSACTIONS_RAW])[TRANSACTIONS_RAW].ends)
    known = admin.list_topics(timeout=20).topics
    wanted = [NewTopic(name, partitions, 1) for name in TOPICS if name not in known]
    if wanted:
        for future in admin.create_topics(wanted).values():
            future.result(20)


def _tasks(settings: Settings, module: str, group: str, state: Path) -> list[Task]:
    """Return what each process is told; Quix Streams deals the partitions itself."""
    ends = read_logs(settings, [TRANSACTIONS_RAW])[TRANSACTIONS_RAW].ends
    servers = settings.kafka.require()
    records = read_rule_records(servers)

    def task(number: int) -> Task:
        mine = ends if module == "quix" else {place: end for place, end in ends.items() if place % PROCESSES == number}
        folder = state / str(number)
        return Task(
            servers, str(settings.contracts_dir), settings.base_currency, records, group, str(folder), dict(mine)
        )

    return [task(number) for number in range(PROCESSES)]


@contextmanager
def _running(settings: Settings, python: Path, module: str, tasks: list[Task]) -> Iterator[list[subprocess.Popen[str]]]:
    """Start the processes, let them begin together once all are ready, and stop what is left of them."""
    # Warnings of packages of another environment are not what the reader of a benchmark can act on.
    quiet = {"PYTHONWARNINGS": "ignore"}
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(settings.root)} | quiet
    started = [
        subprocess.Popen(
            [python, "-m", f"streamflow.bench.detectors.{module}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in tasks
    ]
    try:
        for process, task in zip(started, tasks, strict=True):
            _tell(process, msgspec.json.encode(task).decode())
        for process in started:
            _heard(process)
        for process in started:
            _tell(process, "go")
        yield started
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def _tell(process: subprocess.Popen[str], line: str) -> None:
    if process.stdin is not None:
        process.stdin.write(line + "\n")
        process.stdin.flush()


def _heard(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line:
        raise StreamFlowError(f"A process of the comparison ended with code {process.wait(30)}; its reason is above.")
    return line


def _processes(settings: Settings, python: Path, module: str, group: str) -> float:
    """Run one comparison; return seconds from its first record to its last decision."""
    state = settings.state / "bench-detectors"
    shutil.rmtree(state, ignore_errors=True)
    tasks = _tasks(settings, module, group, state)
    with LastRecord(settings, DECISIONS) as watched, _running(settings, python, module, tasks) as started:
        words = [_heard(process).split() for process in started]
        if module == "plain":
            for process in started:
                process.wait(DEADLINE_S)
        else:
            _until_committed(settings, group, started)
    began = min(float(moment) for word, moment in words if word == BEGAN)
    if not watched.count:
        raise StreamFlowError(f"The {module} detector read the whole log and decided nothing.")
    return watched.moment - began


def _until_committed(settings: Settings, group: str, started: list[subprocess.Popen[str]]) -> None:
    ends = read_logs(settings, [TRANSACTIONS_RAW])[TRANSACTIONS_RAW].ends
    deadline = time.monotonic() + DEADLINE_S
    while True:
        committed = committed_offsets(settings, group)
        if all(committed.get((TRANSACTIONS_RAW, place), 0) >= end for place, end in ends.items()):
            return
        if any(process.poll() is not None for process in started):
            raise StreamFlowError("A process of Quix Streams ended before the log did; its reason is above.")
        if time.monotonic() > deadline:
            raise StreamFlowError(f"Quix Streams has not read the log within {DEADLINE_S:.0f} s.")
        time.sleep(PAUSE_S)
