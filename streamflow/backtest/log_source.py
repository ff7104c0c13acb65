"""The platform's own purchases as the source of a backtest: bronze in offset order, labels from silver."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from streamflow.backtest.gathering import Read, gather
from streamflow.backtest.recorded import LogSetup, LogTask, judge_records
from streamflow.backtest.rows import identity_of
from streamflow.backtest.scored import Origin
from streamflow.backtest.workers import Workers
from streamflow.contracts.calibrations import Source
from streamflow.contracts.rule_sets import load_horizons
from streamflow.contracts.timestamps import EPOCH
from streamflow.datasets.table import Ints
from streamflow.errors import InputError
from streamflow.reader import reading, statement
from streamflow.replay.engine import LogRecord
from streamflow.rules.admission import admitted
from streamflow.rules.book import RuleBook

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.sql import Literal

    from streamflow.settings import Settings

CHUNK_RECORDS = 20_000
FETCH_ROWS = 5_000
RECORDS_A_BUCKET = 30_000
DAY_US = 86_400_000_000
DELAY_SHARE = 0.95
"""A purchase that nobody reported counts as no fraud once this share of chargebacks would have come."""
USUAL_DELAY_DAYS = 7.0


@dataclass(frozen=True)
class Published:
    """What the platform runs.

    Attributes:
        log_id: The newest log of purchases.
        logs: How many logs there are.
        newest_us: Newest event time in it, epoch microseconds.
        book: Rule sets and blacklist as published.
    """

    log_id: str
    logs: int
    newest_us: int
    book: RuleBook


def published(settings: Settings) -> Published:
    """Read what was published, and which log there is.

    Raises:
        EnvironmentNotReady: The database is not there.
        InputError: It holds no purchase.
    """
    with reading(settings, "bronze_db") as bronze:
        logs = bronze.execute(statement(settings, "backtest/logs")).fetchall()
        if not logs:
            raise InputError("bronze.raw_transactions holds no purchase: produce some, and wait for 'jobs list'.")
        records = bronze.execute(statement(settings, "bronze/rule_records"))
        book = admitted((row[0] for row in records), load_horizons(settings.contracts_dir))
    return Published(logs[0][0], len(logs), _us(logs[0][1]), book)


class LogSource:
    """The newest log of purchases.

    Args:
        settings: Say where the databases and the contracts are.
        published: What there is.
        delay_days: After so many days a purchase that nobody reported counts as no fraud; None for what the labels
            themselves say.
    """

    by_time = False

    def __init__(self, settings: Settings, published: Published, delay_days: float | None = None) -> None:
        self._settings = settings
        self._published = published
        self._delay_days = delay_days
        self._digest = hashlib.sha256()
        self._spans: dict[int, tuple[int, int]] = {}

    def read(self, workers: Workers, folder: Path, progress: Callable[[int], None]) -> Read:
        """Read the log and its labels.

        Args:
            workers: Who validates.
            folder: An empty one, for part files.
            progress: Called with the number of records done.

        Raises:
            EnvironmentNotReady: A database is not there.
        """
        from psycopg.sql import Literal

        settings = self._settings
        log_id = Literal(self._published.log_id)
        with reading(settings, "bronze_db") as bronze:
            counted = bronze.execute(statement(settings, "backtest/count", log_id=log_id)).fetchone()
            records = int(counted[0]) if counted else 0
            buckets = max(1, records // RECORDS_A_BUCKET)
            setup = LogSetup(settings.contracts_dir, settings.base_currency, buckets)
            tasks = self._tasks(setup, self._records(bronze, log_id), folder)
            read = gather(_told(workers.run(judge_records, tasks), progress), buckets, folder)
        return self._labelled(read)

    def origin(self, read: Read) -> Origin:
        """Name the log, its offsets and the hash of its bytes."""
        more = f"; the newest of {self._published.logs} logs" if self._published.logs > 1 else ""
        detail = f"labels from silver, known after {self._delay_days:g} days where nobody said anything{more}"
        return Origin(
            "log",
            self._published.log_id,
            self._digest.hexdigest(),
            read.rows,
            dict(sorted(self._spans.items())),
            detail,
        )

    def named(self, origin: Origin) -> Source:
        """Say that nobody knows whether the rows are real, so that nothing fitted on them is called measured."""
        return Source(kind="sample", name=f"log {origin.name}", sha256=origin.sha256, rows=origin.rows)

    def _records(self, bronze: Connection[tuple[Any, ...]], log_id: Literal) -> Iterator[LogRecord]:
        with bronze.cursor(name="backtest", binary=True) as cursor:
            cursor.itersize = FETCH_ROWS
            cursor.execute(statement(self._settings, "backtest/records", log_id=log_id))
            for row in cursor:
                record = LogRecord(*row)
                first, _ = self._spans.get(record.partition, (record.offset, 0))
                self._spans[record.partition] = (first, record.offset + 1)
                self._digest.update(record.body or b"")
                yield record

    @staticmethod
    def _tasks(setup: LogSetup, records: Iterator[LogRecord], folder: Path) -> Iterator[LogTask]:
        first = 0
        while some := list(islice(records, CHUNK_RECORDS)):
            yield LogTask(setup, first, some, folder / f"{first:012d}.part")
            first += len(some)

    def _labelled(self, read: Read) -> Read:
        """Put the labels of silver to the purchases."""
        with reading(self._settings, "silver_db") as silver:
            rows = silver.execute(statement(self._settings, "backtest/labels")).fetchall()
        identity = np.array(
            [identity_of(customer, transaction) for customer, transaction, _, _ in rows], dtype=np.int64
        )
        order = np.argsort(identity)
        said_fraud = np.array([fraud for _, _, fraud, _ in rows], dtype=np.bool_)[order]
        said_us = np.array([_us(known) for _, _, _, known in rows], dtype=np.int64)[order]
        place = np.searchsorted(identity[order], read.identity).clip(0, max(len(rows) - 1, 0))
        hit = identity[order][place] == read.identity if len(rows) else np.zeros(len(read), dtype=np.bool_)
        fraud = np.zeros(len(read), dtype=np.bool_)
        fraud[hit] = said_fraud[place[hit]]
        since_us = np.zeros(len(read), dtype=np.int64)
        since_us[hit] = np.maximum(said_us[place[hit]], read.event_us[hit])
        if self._delay_days is None:
            self._delay_days = _usual_delay((since_us - read.event_us)[fraud])
        late_us = read.event_us + int(self._delay_days * DAY_US)
        return replace(read, fraud=fraud, known_us=np.where(hit, since_us, late_us))


def _usual_delay(waited_us: Ints) -> float:
    """Return the days within which DELAY_SHARE of the frauds were reported."""
    if not len(waited_us):
        return USUAL_DELAY_DAYS
    return float(np.ceil(np.quantile(waited_us / DAY_US, DELAY_SHARE)))


def _us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _told(chunks: Iterator[Any], progress: Callable[[int], None]) -> Iterator[Any]:
    done = 0
    for chunk in chunks:
        done += chunk.rows
        progress(done)
        yield chunk
