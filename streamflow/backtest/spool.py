"""Bytes and columns that wait on disk until all of them are there.

A column that grows in memory piece by piece leaves holes wherever something else was in between: five times its size
while three million rows were read. On disk its pieces stand together, and it is read at once.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

Kind = TypeVar("Kind", bound=np.generic)


class Spool:
    """Bytes in a temporary file that has no name and vanishes with this object.

    Args:
        folder: On which disk.
    """

    def __init__(self, folder: Path) -> None:
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        self.write = file.write
        self._flush = file.flush
        self._descriptor = file.fileno()
        weakref.finalize(self, file.close)

    def read(self, start: int, length: int) -> bytes:
        """Read some bytes."""
        self._flush()
        return os.pread(self._descriptor, length, start)

    def read_into(self, target: memoryview) -> None:
        """Fill a buffer from the start of the file on.

        Raises:
            EOFError: The file has fewer bytes.
        """
        self._flush()
        done = 0
        while done < len(target):
            # One call reads two GiB at most.
            read = os.preadv(self._descriptor, [target[done:]], done)
            if not read:
                raise EOFError(f"{len(target)} bytes were asked of a file of {done}")
            done += read


class Column(Generic[Kind]):
    """One column, piece by piece.

    Args:
        folder: On which disk.
        kind: Type of its values.
    """

    def __init__(self, folder: Path, kind: type[Kind]) -> None:
        self._spool = Spool(folder)
        self._kind = kind
        self._length = 0

    def add(self, values: npt.NDArray[Any]) -> None:
        """Append values."""
        self._spool.write(np.ascontiguousarray(values, dtype=self._kind).tobytes())
        self._length += len(values)

    def whole(self) -> npt.NDArray[Kind]:
        """Return all values."""
        values = np.empty(self._length, dtype=self._kind)
        if self._length:
            self._spool.read_into(values.view(np.uint8).data)
        return values
