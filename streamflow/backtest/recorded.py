"""Records of the platform's log to purchases, a chunk at a time, by the validator that the stream runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from streamflow.backtest.rows import NEVER_US, Chunk, Gathered
from streamflow.contracts import Catalogue, Validator, build_validator
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.replay.engine import LogRecord
from streamflow.rules.model import purchase_from_record


@dataclass(frozen=True)
class LogSetup:
    """What every chunk of a log has in common: contracts folder, base currency, buckets of customers."""

    contracts: Path
    currency: str
    buckets: int


@dataclass(frozen=True)
class LogTask:
    """One chunk: records that stand together in the log, the number of the first, and where to write."""

    setup: LogSetup
    first: int
    records: list[LogRecord]
    part: Path


@lru_cache(maxsize=1)
def _validator(setup: LogSetup) -> Validator:
    return build_validator(Catalogue.load(setup.contracts), setup.currency)


def judge_records(task: LogTask) -> Chunk:
    """Judge one chunk; labels come later, from silver."""
    validator = _validator(task.setup)
    gathered = Gathered(task.setup.buckets, rows=len(task.records))
    for row, record in enumerate(task.records, start=task.first):
        verdict = validator(TRANSACTIONS_RAW, record.key, record.body, record.kafka_timestamp_ms)
        if verdict.reason is not None or verdict.record is None or verdict.event_time_us is None:
            gathered.counts[verdict.reason or "rejected"] += 1
        else:
            purchase = purchase_from_record(verdict.record, verdict.event_time_us)
            gathered.add(purchase, row, fraud=False, known_us=NEVER_US)
    return gathered.written(task.part)
