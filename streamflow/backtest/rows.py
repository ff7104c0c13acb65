"""Purchases on their way from the source to the engine: chunks of columns in memory, buckets of customers on disk.

A chunk is a run of rows as they were read. Its columns go back to the main process; what the engine needs goes to one
part file a chunk, a segment a bucket, so that whoever scores a bucket finds all purchases of its customers and no
others, and memory is bounded by a bucket.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
import numpy as np

from streamflow.datasets.table import Bools, Ints
from streamflow.rules.model import Purchase

Column = TypeVar("Column", Ints, Bools)

NEVER_US = 2**62
"""When a label becomes known that never does."""


class Placed(Purchase, frozen=True, array_like=True, gc=False):
    """A purchase with the number of its row in the source, from 0."""

    row: int


@dataclass(frozen=True)
class Columns:
    """Purchases as they were read, in the order of the source; shape (purchases,) in every array.

    Attributes:
        row: Number of each purchase's row, rising.
        event_us: Event time, epoch microseconds.
        amount_minor: Minor units.
        fraud: Whether the source calls it fraud.
        known_us: When its label is known; NEVER_US where the source has none.
        identity: Hash of customer and transaction; its upper half is that of the customer.
        merchant: Number of its merchant, in the order in which they occur first; -1 without one.
    """

    row: Ints
    event_us: Ints
    amount_minor: Ints
    fraud: Bools
    known_us: Ints
    identity: Ints
    merchant: Ints

    def __len__(self) -> int:
        return len(self.row)


class Part(NamedTuple):
    """A part file, and where each bucket's segment ends in it."""

    path: Path
    ends: list[int]


@dataclass(frozen=True)
class Chunk:
    """The purchases of one chunk of rows.

    Attributes:
        rows: Rows read.
        columns: The purchases.
        merchants: Distinct names of their merchants.
        counts: Rows set aside, by reason.
        oddities: What else was noticed, by name.
        located: How many purchases have coordinates.
        part: Where the engine finds them.
    """

    rows: int
    columns: Columns
    merchants: list[str]
    counts: Counter[str]
    oddities: Counter[str]
    located: int
    part: Part


@dataclass
class Gathered:
    """A chunk in the making; see `Chunk`."""

    buckets: int
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    oddities: Counter[str] = field(default_factory=Counter)
    known: list[tuple[bool, int]] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)

    def add(self, purchase: Purchase, row: int, *, fraud: bool, known_us: int) -> None:
        """Take a purchase that the contract accepts."""
        self.placed.append(Placed(*msgspec.structs.astuple(purchase), row))  # type: ignore[call-arg]
        self.known.append((fraud, known_us))

    def written(self, part: Path) -> Chunk:
        """Write the part file and return the columns."""
        placed, merchants = self.placed, dict[str, int]()
        hashes = [zlib.crc32(one.customer_id.encode()) for one in placed]
        segments: list[list[Placed]] = [[] for _ in range(self.buckets)]
        for one, customer in zip(placed, hashes, strict=True):
            segments[customer % self.buckets].append(one)
        columns = Columns(
            row=_ints([one.row for one in placed]),
            event_us=_ints([one.event_time_us for one in placed]),
            amount_minor=_ints([one.amount_minor for one in placed]),
            fraud=np.array([fraud for fraud, _ in self.known], dtype=np.bool_),
            known_us=_ints([known for _, known in self.known]),
            identity=identities(hashes, [zlib.crc32(one.transaction_id.encode()) for one in placed]),
            merchant=_ints([_code(one.merchant_id, merchants) for one in placed]),
        )
        return Chunk(
            rows=self.rows,
            columns=columns,
            merchants=list(merchants),
            counts=self.counts,
            oddities=self.oddities,
            located=sum(one.latitude is not None and one.longitude is not None for one in placed),
            part=Part(part, _write(part, segments)),
        )


def chosen(values: Column, some: Bools) -> Column:
    """Return some of the values; all of them without a copy."""
    return values if some.all() else values[some]


def _ints(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _code(name: str | None, names: dict[str, int]) -> int:
    return -1 if name is None else names.setdefault(name, len(names))


def identities(customers: list[int], transactions: list[int]) -> Ints:
    """Return identities made of the hashes of customers and of transactions, shape (purchases,)."""
    upper = np.array(customers, dtype=np.uint64) << np.uint64(32)
    return (upper | np.array(transactions, dtype=np.uint64)).view(np.int64)


def identity_of(customer_id: str, transaction_id: str) -> int:
    """Return the identity of one purchase."""
    hashes = zlib.crc32(customer_id.encode()), zlib.crc32(transaction_id.encode())
    return int(identities([hashes[0]], [hashes[1]])[0])


def bucket_of(identity: Ints, buckets: int) -> Ints:
    """Return the bucket of each identity."""
    return ((identity.view(np.uint64) >> np.uint64(32)) % np.uint64(buckets)).astype(np.int64)


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(list[Placed])


def _write(part: Path, segments: list[list[Placed]]) -> list[int]:
    ends: list[int] = []
    at = 0
    with part.open("wb") as file:
        for segment in segments:
            at += file.write(_ENCODER.encode(segment)) if segment else 0
            ends.append(at)
    return ends


class Segment(NamedTuple):
    """Where a bucket's purchases of one chunk stand."""

    path: str
    start: int
    length: int


def segments_of(parts: Sequence[Part], bucket: int) -> tuple[Segment, ...]:
    """Return the segments of one bucket, in the order of the source."""
    found = []
    for part in parts:
        start = part.ends[bucket - 1] if bucket else 0
        if part.ends[bucket] > start:
            found.append(Segment(str(part.path), start, part.ends[bucket] - start))
    return tuple(found)


def load(segments: Iterable[Segment]) -> Iterator[Placed]:
    """Yield the purchases of segments, in their order."""
    for segment in segments:
        with Path(segment.path).open("rb") as file:
            file.seek(segment.start)
            yield from _DECODER.decode(file.read(segment.length))
