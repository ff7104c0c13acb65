"""Rows of a file by event time, whatever order the file has: sorted in chunks, merged from disk, in bounded memory.

Many files are sorted by card or by customer first. The log of a broker is sorted by arrival, and what lies days behind
its arrival is refused; so a file is put into the order in which its purchases happened.
"""

from __future__ import annotations

import heapq
import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from streamflow.errors import InputError
from streamflow.generator.mapping import Mapped

CHUNK_ROWS = 100_000

Entry = tuple[int, int, Mapped]
"""Where a row belongs (epoch microseconds), its number, the row."""


def in_time_order(rows: Iterable[Mapped], scratch: Path, chunk_rows: int = CHUNK_ROWS) -> Iterator[Mapped]:
    """Yield rows by event time; rows of the same instant, and rows whose time cannot be read, keep the file's order.

    Args:
        rows: In the file's order.
        scratch: A directory for temporary files; nothing stays there.
        chunk_rows: Rows held in memory at once.

    Raises:
        InputError: There is no room for the temporary files.
    """
    chunk: list[Entry] = []
    chunks: list[Path] = []
    place = 0
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sort-", dir=scratch) as folder:
        for number, mapped in enumerate(rows):
            place = mapped.event_us if mapped.event_us is not None else place
            chunk.append((place, number, mapped))
            if len(chunk) >= chunk_rows:
                chunks.append(_store(Path(folder) / f"{len(chunks)}.jsonl", chunk))
                chunk = []
        chunk.sort(key=_key)
        if not chunks:
            yield from (mapped for _, _, mapped in chunk)
            return
        for _, _, mapped in heapq.merge(*(_load(path) for path in chunks), chunk, key=_key):
            yield mapped


def _key(entry: Entry) -> tuple[int, int]:
    return entry[0], entry[1]


def _store(path: Path, chunk: list[Entry]) -> Path:
    chunk.sort(key=_key)
    try:
        with path.open("w", encoding="ascii") as file:
            for place, number, m in chunk:
                # The standard encoder, because it keeps lone surrogates: bytes of the file that were no text.
                file.write(json.dumps((place, number, m.record, m.event_us, m.label, m.rounded, m.known_us)) + "\n")
    except OSError as error:
        raise InputError(f"No room to sort the file under {path.parent.parent}: {error.strerror or error}.") from None
    return path


def _load(path: Path) -> Iterator[Entry]:
    with path.open(encoding="ascii") as file:
        for line in file:
            place, number, *mapped = json.loads(line)
            yield place, number, Mapped(*mapped)
