"""Records a second of each job on its own, reading a log that is already there."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from streamflow.bench.measures import Measure, Section
from streamflow.bench.plain import consume_and_copy
from streamflow.bench.watch import LOOK_S, LastRecord
from streamflow.broker import Log, read_logs
from streamflow.contracts.names import FRAUD_DECISIONS, TRANSACTIONS_RAW
from streamflow.errors import StreamFlowError
from streamflow.jobs.plan import FRAUD_DETECTOR, REALTIME_AGGREGATOR, TRANSACTION_PROCESSOR
from streamflow.jobs.progress import wait_drained
from streamflow.jobs.submission import FlinkClient, cancel, submit
from streamflow.settings import Database, Settings
from streamflow.warehouse.connections import Session, connect

DEADLINE_S = 600.0
TWOFOLD = ", two task managers"
PLAIN = "plain consumer, validator and COPY"
METHOD = (
    "One log of clean generated purchases lies on the topic. Each job is submitted alone, from the beginning of "
    "the log, against empty tables; the clock runs from the moment that all its tasks run until its last row or "
    "record is where it belongs. The baseline is one process that consumes the same log, runs the same validator "
    "and copies into a logged table with the same columns and key; it keeps no state, no offsets with its rows and no "
    "second look at anything. A job runs in one task manager unless two are named; two of them and the broker share "
    "the machine's cores. Runs take turns, so that a change of the machine's load meets all alike; one round "
    "before them warms the task managers up and does not count."
)


def throughput(
    settings: Settings, client: FlinkClient, purchases: int, runs: int, say: Callable[[str], None]
) -> Section:
    """Measure the three jobs and the plain consumer.

    Args:
        settings: Of a platform whose log holds `purchases` clean purchases and nothing else but rules.
        client: The `flink` command.
        purchases: How many records transactions.raw has.
        runs: Rounds that count.
        say: Told what is being done.

    Raises:
        StreamFlowError: A job does not finish; the sentence says which and how far it came.
    """
    log = read_logs(settings, [TRANSACTIONS_RAW])[TRANSACTIONS_RAW]
    twofold = settings.model_copy(update={"flink": settings.flink.model_copy(update={"parallelism": 2})})
    found: dict[str, list[float]] = {}
    trials: dict[str, Callable[[], float]] = {
        PLAIN: lambda: consume_and_copy(settings, log.ends),
        TRANSACTION_PROCESSOR: lambda: _processor(settings, client, purchases, log),
        f"{TRANSACTION_PROCESSOR}{TWOFOLD}": lambda: _processor(twofold, client, purchases, log),
        REALTIME_AGGREGATOR: lambda: _aggregator(settings, client, purchases),
    }
    # The detector last: the processor would take in its decisions as well, a longer log at each round.
    detectors: dict[str, Callable[[], float]] = {
        FRAUD_DETECTOR: lambda: detector_seconds(settings, client),
        f"{FRAUD_DETECTOR}{TWOFOLD}": lambda: detector_seconds(twofold, client),
    }
    for group in (trials, detectors):
        for number in range(runs + 1):
            for name, trial in group.items():
                rate = purchases / trial()
                say(f"{'warm-up' if number == 0 else f'run {number}'}: {name} {rate:,.0f} records/s")
                if number:
                    found.setdefault(name, []).append(rate)
    measures = [Measure(name, "records/s", rates, "" if name == PLAIN else PLAIN) for name, rates in found.items()]
    return Section(f"Throughput over {purchases:,} purchases", METHOD, measures)


def _processor(settings: Settings, client: FlinkClient, purchases: int, log: Log) -> float:
    """Measure by the last purchase of each partition; a count then confirms, or waits for the rest."""
    _run(settings, "bronze_db", "bench/forget_bronze")
    last = {"partitions": list(log.ends), "offsets": [end - 1 for end in log.ends.values()], "log_id": log.log_id}
    began = _submit(settings, client, TRANSACTION_PROCESSOR)
    try:
        ended = _until(settings, "bronze_db", "bench/last_bronze", len(log.ends), **last)
        with connect(settings, "bronze_db", "reader") as connection:
            complete = Session(connection, settings.sql_dir).value("bench/count_bronze") == purchases
        return (ended if complete else _until(settings, "bronze_db", "bench/count_bronze", purchases)) - began
    finally:
        cancel(settings, [TRANSACTION_PROCESSOR])


def _aggregator(settings: Settings, client: FlinkClient, purchases: int) -> float:
    _run(settings, "gold_db", "bench/forget_aggregates")
    began = _submit(settings, client, REALTIME_AGGREGATOR)
    try:
        return _until(settings, "gold_db", "bench/count_aggregated", purchases) - began
    finally:
        cancel(settings, [REALTIME_AGGREGATOR])


def detector_seconds(settings: Settings, client: FlinkClient) -> float:
    """Measure by the last decision: once all offsets are committed, none can follow."""
    with LastRecord(settings, FRAUD_DECISIONS) as watched:
        began = _submit(settings, client, FRAUD_DETECTOR)
        try:
            wait_drained(settings, DEADLINE_S, jobs=[FRAUD_DETECTOR])
        finally:
            cancel(settings, [FRAUD_DETECTOR])
    if not watched.count:
        raise StreamFlowError("The detector read the whole log and decided nothing, so its speed means nothing.")
    return watched.moment - began


def _submit(settings: Settings, client: FlinkClient, job: str) -> float:
    submit(settings, client, [job], fresh=True)
    return time.monotonic()


def _run(settings: Settings, database: Database, name: str) -> None:
    with connect(settings, database, "owner") as connection:
        Session(connection, settings.sql_dir).execute(name)


def _until(settings: Settings, database: Database, name: str, wanted: int, **values: Any) -> float:
    """Return when a count reached what is wanted."""
    deadline = time.monotonic() + DEADLINE_S
    with connect(settings, database, "reader") as connection:
        session = Session(connection, settings.sql_dir)
        while (count := int(session.value(name, **values))) < wanted:
            if time.monotonic() > deadline:
                raise StreamFlowError(f"{name}: {count} of {wanted} rows after {DEADLINE_S:.0f} s.")
            time.sleep(LOOK_S)
        return time.monotonic()
