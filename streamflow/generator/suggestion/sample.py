"""Some rows of a file that nobody has described: its head, and places across it; separator and encoding found out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from streamflow.errors import InputError
from streamflow.generator.cells import open_table
from streamflow.generator.emission_files import open_input

HEAD_ROWS, PLACES, ROWS_A_PLACE = 5_000, 20, 250
STREAMED_ROWS, EVERY = 200_000, 40
SNIFFED_BYTES = 1 << 20
SNIFFED_LINES = 100
DELIMITERS = (",", ";", "\t", "|")
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Sample:
    """Some rows.

    Attributes:
        path: The file.
        columns: Names, in order.
        rows: Each as many cells as there are columns.
        head: How many of the rows are the first ones of the file, without a gap.
        delimiter: Of CSV.
        encoding: Of CSV.
        is_text: Whether the file is CSV.
        says: Which rows these are, in words.
    """

    path: Path
    columns: list[str]
    rows: list[list[str]]
    head: int
    delimiter: str
    encoding: str
    is_text: bool
    says: str


def take_sample(path: Path) -> Sample:
    """Read some rows of a file.

    Args:
        path: CSV with any usual separator and encoding, compressed or not, or Parquet by its name.

    Raises:
        InputError: It is missing, empty, damaged, has one column, no line of names or no rows.
    """
    if path.suffix == ".parquet" or not path.is_file():
        delimiter, encoding, is_text = ",", "utf-8", False
    else:
        encoding = _encoding(path)
        delimiter, is_text = _delimiter(path, encoding), True
    table = open_table(path, delimiter, encoding)
    _look_at_names(path, table.columns)
    width = len(table.columns)
    rows = iter(table)
    head = [_even(row.cells, width) for row in islice(rows, HEAD_ROWS)]
    if not head:
        raise InputError(f"{path} has names of columns, but no rows.")
    rest: list[list[str]] = []
    if len(head) < HEAD_ROWS:
        says = f"all {len(head):,} rows"
    elif path.suffix == ".parquet":
        rest = _new(head, _from_parquet(path))
        says = f"the first {HEAD_ROWS:,} rows and {len(rest):,} across the file"
    elif _is_gzip(path):
        rest = [_even(row.cells, width) for row in islice(rows, 0, STREAMED_ROWS, EVERY)]
        says = f"the first {HEAD_ROWS:,} rows and every {EVERY}th of the next {STREAMED_ROWS:,}"
    else:
        rest = _new(head, (cells for cells in _from_places(path, delimiter, encoding) if len(cells) == width))
        says = f"the first {HEAD_ROWS:,} rows and {len(rest):,} from {PLACES} places across the file"
    return Sample(path, table.columns, head + rest, len(head), delimiter, encoding, is_text, says)


def _new(head: list[list[str]], rows: Iterable[list[str]]) -> list[list[str]]:
    """Return the rows that are not read yet: in a file of a few thousand rows the places lie within the head."""
    seen = set(map(tuple, head))
    found = []
    for cells in rows:
        row = tuple(cells)
        if row not in seen:
            seen.add(row)
            found.append(cells)
    return found


def _even(cells: list[str], width: int) -> list[str]:
    return cells[:width] if len(cells) >= width else cells + [""] * (width - len(cells))


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == _GZIP


def _head_bytes(path: Path) -> bytes:
    with open_input(path) as file:
        try:
            return file.read(SNIFFED_BYTES)
        except (EOFError, OSError):
            # Reading it again, row by row, says what is wrong.
            return b""


def _encoding(path: Path) -> str:
    data = _head_bytes(path)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    # The last character may be cut.
    for encoding in ("utf-8", "cp1252"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError as error:
            if encoding == "utf-8" and error.start >= len(data) - 4:
                return encoding
        else:
            return encoding
    return "latin-1"


def _delimiter(path: Path, encoding: str) -> str:
    """Return the separator that gives the most columns, as many in nearly every line."""
    text = _head_bytes(path).decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    lines = io.StringIO(text, newline="")
    best, most = ",", 0.0
    for delimiter in DELIMITERS:
        lines.seek(0)
        try:
            widths = [len(row) for row in islice(csv.reader(lines, delimiter=delimiter), SNIFFED_LINES) if row]
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        # The last line may be cut, so that one odd line says little.
        even = sum(width == widths[0] for width in widths) / len(widths)
        if even * widths[0] > most and even > 0.5:
            best, most = delimiter, even * widths[0]
    return best


def _look_at_names(path: Path, columns: list[str]) -> None:
    if len(columns) < 2:
        raise InputError(
            f"{path} has one column, '{columns[0][:60]}': no comma, semicolon, tab or bar separates its cells."
        )
    values = [name for name in columns if _is_number(name)]
    if len(values) * 3 >= len(columns):
        raise InputError(f"{path} has no line with the names of its columns: the first one holds values; add one.")


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ".").strip(" $\u20ac"))
    except ValueError:
        return False
    return True


def _from_places(path: Path, delimiter: str, encoding: str) -> Iterator[list[str]]:
    """Yield rows from evenly spaced places; what a place cuts in two is left out with its line."""
    size = path.stat().st_size
    with path.open("rb") as file:
        for place in range(1, PLACES + 1):
            file.seek(size * place // (PLACES + 1))
            file.readline()
            lines = [line.decode(encoding, "surrogateescape") for line in islice(file, ROWS_A_PLACE)]
            try:
                yield from (cells for cells in csv.reader(lines, delimiter=delimiter) if cells)
            except csv.Error:
                continue


def _from_parquet(path: Path) -> Iterator[list[str]]:
    from pyarrow import parquet

    from streamflow.generator.cells import cell_text

    file = parquet.ParquetFile(path)
    groups = file.num_row_groups
    for group in sorted({groups * place // PLACES for place in range(PLACES)}):
        for batch in islice(file.iter_batches(batch_size=ROWS_A_PLACE, row_groups=[group]), 1):
            columns = [[cell_text(value) for value in column.to_pylist()] for column in batch.columns]
            yield from (list(cells) for cells in zip(*columns, strict=True))
