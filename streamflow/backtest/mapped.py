"""Rows of a file to purchases, a chunk at a time: the mapping, the stream's validator, the engine's purchase."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from streamflow.backtest.rows import NEVER_US, Chunk, Gathered
from streamflow.contracts import Catalogue, Validator, build_validator
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.generator.cells import Row
from streamflow.generator.mapping import Mapped, load_mapping
from streamflow.generator.own_files import body_of
from streamflow.rules.model import purchase_from_record


@dataclass(frozen=True)
class FileSetup:
    """What every chunk of a file has in common.

    Attributes:
        file: The file, for errors.
        columns: Names of the cells of a row.
        mapping: The mapping's file.
        contracts: The contracts folder.
        currency: The deployment's base currency.
        delay_us: From a purchase to its label, where the file does not date the label.
        present_us: The producer's clock does not pass it: what lies behind it is refused, as the stream refuses it.
        buckets: How many buckets of customers.
    """

    file: Path
    columns: tuple[str, ...]
    mapping: Path
    contracts: Path
    currency: str
    delay_us: int
    present_us: int
    buckets: int


@dataclass(frozen=True)
class FileTask:
    """One chunk: cells of rows that stand together in the file.

    Attributes:
        setup: What all have in common.
        first: Number of the first row, from 0.
        rows: Cells.
        part: Where to write what the engine needs.
    """

    setup: FileSetup
    first: int
    rows: list[list[str]]
    part: Path


@lru_cache(maxsize=1)
def _prepared(setup: FileSetup) -> tuple[Callable[[Row, int], Mapped], Validator]:
    catalogue = Catalogue.load(setup.contracts)
    mapping = load_mapping(setup.mapping, catalogue.topic(TRANSACTIONS_RAW))
    return mapping.reader(setup.columns, setup.file), build_validator(catalogue, setup.currency)


def map_rows(task: FileTask) -> Chunk:
    """Map one chunk."""
    setup = task.setup
    read, validator = _prepared(setup)
    gathered = Gathered(setup.buckets, rows=len(task.rows))
    for row, cells in enumerate(task.rows, start=task.first):
        mapped = read(Row(cells, row + 1), row + 1)
        gathered.oddities["rounded"] += mapped.rounded
        reason = _take(mapped, row, validator, gathered, setup)
        if reason is not None:
            gathered.counts[reason] += 1
    return gathered.written(task.part)


def _take(mapped: Mapped, row: int, validator: Validator, gathered: Gathered, setup: FileSetup) -> str | None:
    """Take the row if it is a purchase, else return why the stream would set it aside."""
    key = str(mapped.record.get("customer_id", "")).encode(errors="surrogateescape")
    # The producer's now is the event time itself: that is how a file is sent.
    at_us = min(mapped.event_us or 0, setup.present_us)
    verdict = validator(TRANSACTIONS_RAW, key, body_of(mapped.record), at_us // 1000)
    if verdict.reason is not None or verdict.record is None or verdict.event_time_us is None:
        return verdict.reason or "rejected"
    event_us = verdict.event_time_us
    gathered.add(
        purchase_from_record(verdict.record, event_us),
        row,
        fraud=bool(mapped.label),
        known_us=_known_us(mapped, event_us, setup.delay_us),
    )
    return None


def _known_us(mapped: Mapped, event_us: int, delay_us: int) -> int:
    if mapped.label is None:
        return NEVER_US
    if mapped.label and mapped.known_us is not None:
        return max(mapped.known_us, event_us)
    return event_us + delay_us
