"""Names of customers and merchants, kept on disk: a report shows a dozen of them, whatever the millions in the file."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import overload

import numpy as np

from streamflow.backtest.spool import Column, Spool
from streamflow.datasets.table import Ints

_PLACE = 16
"""Bytes of a name's place: where it starts and how long it is."""


class _Sequence(Sequence[str]):
    """A sequence of names that is no list; equal to what holds the same names."""

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return [self._name(place) for place in range(*at.indices(len(self)))]
        place = at + len(self) if at < 0 else at
        if not 0 <= place < len(self):
            raise IndexError(f"there are {len(self)} names, none at {at}")
        return self._name(place)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    @abstractmethod
    def _name(self, place: int) -> str: ...


class Numbered(_Sequence):
    """Names of those of whom nobody asks the name: their numbers.

    Args:
        count: How many there are.
    """

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def _name(self, place: int) -> str:
        return str(place)


class Names(_Sequence):
    """Names read from disk when they are asked for; see `NameFile`."""

    def __init__(self, texts: Spool, places: Spool, count: int) -> None:
        self._texts, self._places, self._count = texts, places, count

    def __len__(self) -> int:
        return self._count

    def _name(self, place: int) -> str:
        start, length = np.frombuffer(self._places.read(place * _PLACE, _PLACE), dtype=np.int64).tolist()
        return self._texts.read(start, length).decode()


class NameFile:
    """Names as they come, on disk until their last reader is gone.

    Args:
        folder: On which disk.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts = Spool(folder)
        self._lengths = Column(folder, np.int64)

    def add(self, names: Iterable[str]) -> int:
        """Take names, and return how many they are."""
        texts = [name.encode() for name in names]
        self._texts.write(b"".join(texts))
        self._lengths.add(np.array([len(text) for text in texts], dtype=np.int64))
        return len(texts)

    def ordered(self, order: Ints) -> Names:
        """Return some of the names, in an order.

        Args:
            order: For each name to return the number of names that were added before it.
        """
        lengths = self._lengths.whole()
        starts = np.cumsum(lengths) - lengths
        places = Spool(self._folder)
        for some in _slices(order):
            places.write(np.column_stack([starts[some], lengths[some]]).tobytes())
        return Names(self._texts, places, len(order))


def _slices(values: Ints, length: int = 1_000_000) -> Iterator[Ints]:
    for start in range(0, len(values), length):
        yield values[start : start + length]


def name_hashes(names: Iterable[str]) -> Ints:
    """Return a 64-bit hash of each name: of ten million names two share one in three of a million files."""
    digests = b"".join(hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    return np.frombuffer(digests, dtype=np.int64)


def by_first(codes: Ints, count: int) -> tuple[Ints, Ints]:
    """Number codes anew by where each occurs first.

    Args:
        codes: Shape (rows,), each from 0 to `count` less one; a negative one is nobody's.
        count: How many codes there may be.

    Returns:
        The code behind each new number, and the new number of each code; meaningless for one that does not occur.
    """
    rows = np.flatnonzero(codes >= 0)[::-1]
    first = np.full(count, len(codes), dtype=np.int64)
    # Of several values for one place numpy keeps the last, which is the first occurrence.
    first[codes[rows]] = rows
    used = np.flatnonzero(first < len(codes))
    order = used[np.argsort(first[used], kind="stable")]
    number = np.zeros(max(count, 1), dtype=np.int64)
    number[order] = np.arange(len(order))
    return order, number
