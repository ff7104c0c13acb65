"""Columns of a data file, read fast and held to their types; the first fault is named by line and column.

The fast path is Arrow's reader. Only when that refuses a file is it read again, row by row, to say where.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Literal

from streamflow.datasets.raw_file import HEAD_BYTES, RawFile, printable
from streamflow.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Type = Literal["number", "text"]
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
EMPTY = frozenset({"", "NA", "NaN", "nan", "null", "NULL", "None"})
LARGEST_CELL = 1_048_576


@dataclass(frozen=True)
class Wanted:
    """Which columns a file may have.

    Attributes:
        known: Every column that the file may have, with its type.
        required: Those that it must have.
        read: Those that are read; the others are only looked at for their names.
        complete: Those that must have a value in every row.
    """

    known: Mapping[str, Type]
    required: Sequence[str]
    read: Sequence[str]
    complete: frozenset[str]


def read_columns(file: RawFile, wanted: Wanted) -> pd.DataFrame:
    """Read a file.

    Args:
        file: What was recognised.
        wanted: What it may hold.

    Returns:
        A frame of the columns of `wanted.read` that it has, in its order: numbers as float64 (NaN where there is no
        value), texts as categories.

    Raises:
        InputError: A column is missing, doubled or unknown, the separator is another, or a cell has the wrong type.
    """
    frame = _read_parquet(file, wanted) if file.kind == "parquet" else _read_csv(file, wanted)
    if not len(frame):
        raise InputError(f"{file.name} has a header and no rows: download it again.")
    for column in frame.columns:
        if column in wanted.complete and frame[column].isna().any():
            row = int(frame[column].isna().to_numpy().argmax())
            raise InputError(f"{place(file, row)}: the column '{column}' has no value.")
    return frame


def place(file: RawFile, row: int) -> str:
    """Name a row: its line in a CSV (the header is line 1), its number in Parquet."""
    return f"{file.name} row {row + 1}" if file.kind == "parquet" else f"{file.name} line {row + 2}"


def _read_csv(file: RawFile, wanted: Wanted) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import csv as fast

    with file.open() as raw:
        names = _header(file, raw)
    _check_names(file, names, wanted)
    chosen = [name for name in names if name in set(wanted.read)]
    types = {name: pa.float64() if wanted.known[name] == "number" else _text() for name in chosen}
    try:
        with file.open() as raw:
            table = fast.read_csv(
                raw,
                read_options=fast.ReadOptions(block_size=8 << 20),
                parse_options=fast.ParseOptions(newlines_in_values=False),
                convert_options=fast.ConvertOptions(
                    column_types=types,
                    include_columns=chosen,
                    null_values=sorted(EMPTY),
                    strings_can_be_null=True,
                ),
            )
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise _first_fault(file, names, wanted, str(error).splitlines()[0]) from None
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _read_parquet(file: RawFile, wanted: Wanted) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        opened = parquet.ParquetFile(file.path)
        names = list(opened.schema_arrow.names)
        _check_names(file, names, wanted)
        table = opened.read(columns=[name for name in names if name in set(wanted.read)])
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{file.path} is a damaged Parquet file: {str(error).splitlines()[0]}.") from None
    columns: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind = wanted.known[name]
        try:
            columns[name] = column.cast(pa.float64() if kind == "number" else pa.string())
        except pa.ArrowException:
            raise InputError(
                f"{file.name}: the column '{name}' holds {column.type}, and it must hold {kind}s."
            ) from None
        if kind == "text":
            columns[name] = columns[name].dictionary_encode()
    frame: pd.DataFrame = pa.table(columns).to_pandas()
    return frame


def _text() -> Any:
    import pyarrow as pa

    return pa.dictionary(pa.int32(), pa.string())


def _header(file: RawFile, raw: IO[bytes]) -> list[str]:
    line = raw.readline(HEAD_BYTES)
    if not line.strip():
        raise InputError(f"{file.name} line 1 is empty: it needs the names of the columns.")
    if not line.endswith(b"\n") and len(line) == HEAD_BYTES:
        raise InputError(f"{file.name} is no CSV: its first line has no end within {HEAD_BYTES} bytes.")
    try:
        text = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise InputError(f"{file.name} line 1 is no UTF-8 text, so this is no CSV of Kaggle's.") from None
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise InputError(f"{file.name} line 1 is no line of a CSV: {error}.") from None


def _check_names(file: RawFile, names: Sequence[str], wanted: Wanted) -> None:
    """Hold a header against the columns that are known; the first difference is the error."""
    file.columns = tuple(names)
    where = file.name if file.kind == "parquet" else f"{file.name} line 1"
    if len(names) == 1 and file.kind == "csv":
        for separator, word in SEPARATORS.items():
            if names[0].count(separator) >= len(wanted.required) - 1 > 0:
                raise InputError(f"{where}: the columns are separated by {word}, not by commas; save it with commas.")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"{where}: the column '{printable(twice[0])}' stands there {Counter(names)[twice[0]]} times.")
    unknown = [name for name in names if name not in wanted.known]
    missing = [name for name in wanted.required if name not in names]
    if missing:
        raise InputError(f"{where}: the column '{missing[0]}' is missing; {_instead(missing, unknown, len(names))}")
    if unknown:
        raise InputError(
            f"{where}: the column '{printable(unknown[0])}' is unknown; {_known(unknown[0], wanted.known)}"
        )


def _instead(missing: Sequence[str], unknown: Sequence[str], count: int) -> str:
    """Say what the file has in place of a column."""
    close = difflib.get_close_matches(missing[0], unknown, n=1, cutoff=0.4)
    if close:
        return f"was it renamed to '{printable(close[0])}'?"
    odd = f", {len(unknown)} of them unknown" if unknown else ""
    rest = f"; {len(missing) - 1} more are missing" if len(missing) > 1 else ""
    return f"the file has {count} column{'' if count == 1 else 's'}{odd}{rest}."


def _known(name: str, known: Mapping[str, Type]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean '{close[0]}'?" if close else "the file must have the columns that Kaggle's has."


def _first_fault(file: RawFile, names: Sequence[str], wanted: Wanted, told: str) -> InputError:
    """Read row by row until the first cell that is wrong."""
    csv.field_size_limit(LARGEST_CELL)
    numbers = [
        (index, name) for index, name in enumerate(names) if name in set(wanted.read) and wanted.known[name] == "number"
    ]
    try:
        with file.open() as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
            rows = csv.reader(text)
            next(rows)
            for cells in rows:
                if not cells:
                    continue
                where = f"{file.name} line {rows.line_num}"
                if len(cells) != len(names):
                    return InputError(f"{where} has {len(cells)} cells, and the header has {len(names)}.")
                for index, name in numbers:
                    if not _is_number(cells[index]):
                        return InputError(
                            f"{where}: the column '{name}' must be a number, not '{printable(cells[index])}'."
                        )
    except (csv.Error, UnicodeDecodeError) as error:
        return InputError(f"{file.name} is no CSV: {error}.")
    return InputError(f"{file.name} is no CSV that can be read: {printable(told, 200)}.")


def _is_number(cell: str) -> bool:
    plain = cell.strip()
    if plain in EMPTY:
        return True
    try:
        float(plain)
    except ValueError:
        return False
    return "_" not in plain
