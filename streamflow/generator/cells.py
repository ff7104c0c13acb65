"""Rows of a user's file as text: CSV, gzip or not, or Parquet, streamed, larger than memory if need be."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from streamflow.errors import EnvironmentNotReady, InputError, nearest
from streamflow.generator.emission_files import open_input

LARGEST_CELL = 16 * 1024 * 1024
BATCH_ROWS = 20_000


class Row(msgspec.Struct, gc=False):
    """One row: its cells as text, in the order of the columns, and its number from 1."""

    cells: list[str]
    number: int = 0


class Table:
    """A file of rows.

    Attributes:
        columns: Names, in order.
        ragged: Rows so far with more or fewer cells than columns; they are read all the same.
        lines: Whether the file has lines, so that a row is found by one.
    """

    def __init__(
        self, path: Path, columns: list[str], rows: Iterator[list[str]], line: Callable[[], int] | None = None
    ) -> None:
        """Use `open_table` instead."""
        self.path = path
        self.columns = columns
        self.ragged = 0
        self.lines = line is not None
        self._rows = rows
        self._line = line

    def place(self, row: Row) -> int:
        """Return the line in which the row that was read last ends; its number where the file has no lines."""
        return row.number if self._line is None else self._line()

    def __iter__(self) -> Iterator[Row]:
        width = len(self.columns)
        for number, cells in enumerate(self._rows, start=1):
            if len(cells) != width:
                self.ragged += 1
            yield Row(cells, number)


def open_table(path: Path, delimiter: str = ",", encoding: str = "utf-8") -> Table:
    """Open a file of rows.

    Args:
        path: CSV (gzip by its first bytes), or Parquet by its name.
        delimiter: Of CSV.
        encoding: Of CSV; bytes that do not fit survive as they are, so that the platform can reject them.

    Raises:
        InputError: It is missing, empty, damaged, or has no header.
    """
    if not path.is_file():
        known = [one.name for one in path.parent.glob("*")] if path.parent.is_dir() else []
        raise InputError(f"There is no file {path}{'; ' + nearest(path.name, known) if known else '.'}")
    if path.suffix == ".parquet":
        return _open_parquet(path)
    try:
        "".encode(encoding)
    except LookupError:
        raise InputError(f"'{encoding}' is no encoding; utf-8 and latin-1 are the usual ones.") from None
    file = _CsvFile(path, delimiter, "utf-8-sig" if encoding.lower() in {"utf-8", "utf8"} else encoding)
    rows = file.rows()
    try:
        columns = next(rows)
    except StopIteration:
        raise InputError(f"{path} is empty: it needs a line with the names of its columns.") from None
    return Table(path, columns, rows, file.line)


class _CsvFile:
    """A CSV file that knows where it is."""

    def __init__(self, path: Path, delimiter: str, encoding: str) -> None:
        self._path = path
        self._delimiter = delimiter
        self._encoding = encoding
        self._reader: Any = None

    def line(self) -> int:
        """Return the line in which the last row ends."""
        return int(self._reader.line_num) if self._reader is not None else 0

    def rows(self) -> Iterator[list[str]]:
        """Yield rows, the first one too, without empty lines."""
        path, encoding = self._path, self._encoding
        csv.field_size_limit(LARGEST_CELL)
        with open_input(path) as raw, io.TextIOWrapper(raw, encoding, errors="surrogateescape", newline="") as text:
            reader = self._reader = csv.reader(text, delimiter=self._delimiter)
            try:
                for cells in reader:
                    if cells:
                        yield cells
            except csv.Error as error:
                raise InputError(f"{path} line {reader.line_num} is no CSV: {error}.") from None
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise InputError(f"{path} is a damaged gzip file: {error}.") from None
            except UnicodeError as error:
                raise InputError(f"{path} is no text in {encoding}: {error}.") from None


def _open_parquet(path: Path) -> Table:
    try:
        from pyarrow import ArrowException, parquet
    except ModuleNotFoundError:
        raise EnvironmentNotReady("Parquet needs the package 'pyarrow': run 'make setup'.") from None
    try:
        file = parquet.ParquetFile(path)
    except (ArrowException, OSError) as error:
        raise InputError(f"{path} is no Parquet file, or a damaged one: {str(error).splitlines()[0]}.") from None

    def rows() -> Iterator[list[str]]:
        try:
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                columns = [[cell_text(value) for value in column.to_pylist()] for column in batch.columns]
                yield from (list(cells) for cells in zip(*columns, strict=True))
        except (ArrowException, OSError) as error:
            raise InputError(f"{path} is damaged: {str(error).splitlines()[0]}.") from None

    return Table(path, list(file.schema_arrow.names), rows())


def cell_text(value: Any) -> str:
    """Return a value of Parquet as the text of a cell."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
