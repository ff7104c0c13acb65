"""Chunks of a source put together: every purchase that was read, as columns, and what was set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from streamflow.backtest.rows import Chunk
from streamflow.datasets.table import Bools, Ints


@dataclass(frozen=True)
class Read:
    """Purchases as they were read, in the order of the source; shape (purchases,) in every array.

    Attributes:
        rows: Rows read, those set aside included.
        row: Number of each purchase's row, rising.
        event_us: Event time, epoch microseconds.
        amount_minor: Minor units.
        fraud: Whether the source calls it fraud.
        known_us: When its label is known; NEVER_US where the source has none.
        identity: Hash of customer and transaction.
        merchant: Place in `merchants`, -1 without one.
        merchants: Names.
        counts: Rows set aside, by reason.
        oddities: What else was noticed: rounded, ragged, backwards, label_unknown.
        located: How many purchases have coordinates.
        chunks: Where the engine's purchases stand.
        buckets: Of customers.
    """

    rows: int
    row: Ints
    event_us: Ints
    amount_minor: Ints
    fraud: Bools
    known_us: Ints
    identity: Ints
    merchant: Ints
    merchants: tuple[str, ...]
    counts: Mapping[str, int]
    oddities: Mapping[str, int]
    located: int
    chunks: Sequence[Chunk]
    buckets: int

    def __len__(self) -> int:
        return len(self.row)

    def repeated(self, horizon_us: int) -> Bools:
        """Return which purchases have the identity of one up to `horizon_us` before them, as the engine will say."""
        order = np.lexsort((self.row, self.event_us, self.identity))
        same = np.diff(self.identity[order]) == 0
        near = np.diff(self.event_us[order]) <= horizon_us
        result = np.zeros(len(self), dtype=np.bool_)
        result[order[1:][same & near]] = True
        return result


def gather(chunks: Iterable[Chunk], buckets: int) -> Read:
    """Put chunks together, in the order of the source."""
    kept = []
    counts, oddities = Counter[str](), Counter[str]()
    codes: dict[str, int] = {}
    merchants: list[Ints] = []
    rows = 0
    for chunk in chunks:
        kept.append(chunk)
        counts += chunk.counts
        oddities += chunk.oddities
        rows += chunk.rows
        # One more place at the end, for those without: -1 finds it.
        places = [codes.setdefault(name, len(codes)) for name in chunk.merchants]
        merchants.append(np.array([*places, -1], dtype=np.int64)[chunk.merchant])
    event_us = _joined([one.event_us for one in kept])
    return Read(
        rows=rows,
        row=_joined([one.row for one in kept]),
        event_us=event_us,
        amount_minor=_joined([one.amount_minor for one in kept]),
        fraud=np.concatenate([np.zeros(0, dtype=np.bool_), *(one.fraud for one in kept)]),
        known_us=_joined([one.known_us for one in kept]),
        identity=_joined([one.identity for one in kept]),
        merchant=_joined(merchants),
        merchants=tuple(codes),
        counts=counts,
        oddities=oddities + Counter(backwards=int((np.diff(event_us) < 0).sum())),
        located=sum(one.located for one in kept),
        chunks=kept,
        buckets=buckets,
    )


def _joined(parts: Sequence[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])
