"""A user's file as the source of a backtest: read once, mapped by workers, purchases dealt to buckets of customers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import ClassVar

from streamflow.backtest.gathering import Read, gather
from streamflow.backtest.mapped import FileSetup, FileTask, map_rows
from streamflow.backtest.rows import Chunk
from streamflow.backtest.scored import Origin
from streamflow.backtest.workers import Workers
from streamflow.calibration.own import file_sha256
from streamflow.contracts.calibrations import Source
from streamflow.datasets.manifest import kind_of_file
from streamflow.errors import InputError
from streamflow.generator.cells import Table, open_table
from streamflow.generator.mapping import DAY_US, Mapping

CHUNK_ROWS = 20_000
BYTES_A_BUCKET = 2_000_000
"""Of a file: some thirty thousand rows of text, or a tenth as many bytes where it is compressed."""
MAX_BUCKETS = 1024
COMPRESSED = 5


@dataclass(frozen=True)
class FileSource:
    """A file and how to read it.

    Attributes:
        path: CSV, gzip or not, or Parquet.
        mapping: What its columns mean.
        contracts: The contracts folder.
        currency: The deployment's base currency.
        delay_days: From a purchase to its label; the mapping's when None.
    """

    path: Path
    mapping: Mapping
    contracts: Path
    currency: str
    delay_days: float | None = None
    by_time: ClassVar[bool] = True

    @property
    def delay_us(self) -> int:
        """From a purchase to its label, microseconds."""
        return self.mapping.delay_us if self.delay_days is None else int(self.delay_days * DAY_US)

    def read(self, workers: Workers, folder: Path, progress: Callable[[int], None]) -> Read:
        """Read it.

        Args:
            workers: Who maps.
            folder: An empty one, for part files.
            progress: Called with the number of rows done.

        Raises:
            InputError: The mapping names no label or no column of the file, the file is damaged, no row is a
                purchase, or none is fraud.
        """
        if self.mapping.file.label is None:
            raise InputError(
                f"{self.mapping.path} names no label: a backtest needs 'label' with column and positive values."
            )
        table = open_table(self.path, self.mapping.file.delimiter, self.mapping.file.encoding)
        self.mapping.reader(table.columns, self.path)
        buckets = _buckets(self.path)
        read = gather(self._chunks(table, buckets, workers, folder, progress), buckets, folder)
        self._check(read)
        return replace(read, oddities={**read.oddities, "ragged": table.ragged})

    def origin(self, read: Read) -> Origin:
        """Name the file by its hash."""
        mapping = self.mapping.path
        detail = (
            f"mapping {mapping.name} {file_sha256(mapping)[:12]}; labels known after {self.delay_us / DAY_US:g} days"
        )
        return Origin("file", self.path.name, file_sha256(self.path), read.rows, None, detail)

    def named(self, origin: Origin) -> Source:
        """Say whether the rows are real: the samples of this project are generated."""
        return Source(kind=kind_of_file(self.path), name=origin.name, sha256=origin.sha256, rows=origin.rows)

    def _chunks(
        self, table: Table, buckets: int, workers: Workers, folder: Path, progress: Callable[[int], None]
    ) -> Iterator[Chunk]:
        # Only columns that mean something travel to the workers.
        columns = tuple(self.mapping.columns)
        setup = FileSetup(
            self.path,
            columns,
            self.mapping.path,
            self.contracts,
            self.currency,
            self.delay_us,
            time.time_ns() // 1000,
            buckets,
        )
        done = 0
        for chunk in workers.run(map_rows, _tasks(setup, table, folder)):
            done += chunk.rows
            progress(done)
            yield chunk

    def _check(self, read: Read) -> None:
        """Refuse a file of which nothing could be said, in one sentence."""
        if not len(read):
            told = ", ".join(f"{number} {reason}" for reason, number in sorted(read.counts.items()))
            hint = ""
            if read.counts.get("bad_timestamp") and self.mapping.zone is None:
                hint = "; times without a zone need 'timezone' in the mapping"
            raise InputError(
                f"{self.path} has no row that is a purchase under {self.mapping.path} "
                f"({told or 'the file holds none'}){hint}."
            )
        label = self.mapping.file.label
        if label is not None and not read.fraud.any():
            raise InputError(
                f"{self.path} has no fraud: no purchase's '{label.column}' is one of {', '.join(label.positive)}, as "
                f"{self.mapping.path} says."
            )


def _buckets(path: Path) -> int:
    size = path.stat().st_size
    plain = size * COMPRESSED if path.suffix in {".gz", ".parquet"} else size
    return max(1, min(plain // BYTES_A_BUCKET, MAX_BUCKETS))


def _tasks(setup: FileSetup, table: Table, folder: Path) -> Iterator[FileTask]:
    take, width = _taker(setup.columns, table.columns), len(table.columns)
    cells = (
        take(row.cells) if len(row.cells) >= width else take(row.cells + [""] * (width - len(row.cells)))
        for row in table
    )
    first = 0
    while rows := list(islice(cells, CHUNK_ROWS)):
        yield FileTask(setup, first, rows, folder / f"{first:012d}.part")
        first += len(rows)


def _taker(wanted: tuple[str, ...], columns: list[str]) -> Callable[[list[str]], list[str]]:
    """Return a function that takes the wanted cells of a row."""
    places = [columns.index(name) for name in wanted]
    if len(places) == 1:
        return lambda cells: [cells[places[0]]]
    get = itemgetter(*places)
    return lambda cells: list(get(cells))
