"""Chunks of a source put together: every purchase that was read, as columns, and what was set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from streamflow.backtest.names import NameFile, by_first, name_hashes
from streamflow.backtest.rows import Chunk, Columns, Part
from streamflow.backtest.spool import Column
from streamflow.datasets.table import Bools, Ints

KINDS: dict[str, type[np.generic]] = {"fraud": np.bool_}
"""Columns of other than whole numbers."""


@dataclass(frozen=True)
class Read(Columns):
    """All purchases of a source, and what else was found; for the arrays see `Columns`.

    Attributes:
        rows: Rows read, those set aside included.
        merchants: Names of merchants.
        counts: Rows set aside, by reason.
        oddities: What else was noticed: rounded, ragged, backwards, label_unknown.
        located: How many purchases have coordinates.
        parts: Where the engine's purchases stand.
        buckets: Of customers.
        folder: Where temporary files may be put.
    """

    rows: int
    merchants: Sequence[str]
    counts: Mapping[str, int]
    oddities: Mapping[str, int]
    located: int
    parts: Sequence[Part]
    buckets: int
    folder: Path

    def repeated(self, horizon_us: int) -> Bools:
        """Return which purchases have the identity of one up to `horizon_us` before them, as the engine will say."""
        result = np.zeros(len(self), dtype=np.bool_)
        # Hardly any identity occurs twice, so only those that do are put in order.
        sorted_ = np.sort(self.identity)
        twice = np.unique(sorted_[1:][sorted_[1:] == sorted_[:-1]])
        if not len(twice):
            return result
        some = np.flatnonzero(_among(self.identity, twice))
        row, event_us, identity = self.row[some], self.event_us[some], self.identity[some]
        order = np.lexsort((row, event_us, identity))
        same = np.diff(identity[order]) == 0
        near = np.diff(event_us[order]) <= horizon_us
        result[some[order[1:][same & near]]] = True
        return result


def _among(values: Ints, known: Ints) -> Bools:
    """Return which values are among the known ones, which are sorted."""
    return np.asarray(known[np.searchsorted(known, values).clip(0, len(known) - 1)] == values)


def gather(chunks: Iterable[Chunk], buckets: int, folder: Path) -> Read:
    """Put chunks together, in the order of the source.

    Args:
        chunks: In the order of the source.
        buckets: How many buckets of customers they were dealt to.
        folder: Where temporary files may be put.
    """
    columns = {one.name: Column(folder, KINDS.get(one.name, np.int64)) for one in fields(Columns)}
    parts: list[Part] = []
    counts, oddities = Counter[str](), Counter[str]()
    names, hashes, named = NameFile(folder), Column(folder, np.int64), 0
    rows = located = 0
    for chunk in chunks:
        merchant = chunk.columns.merchant
        # Until all are known, a merchant's number is the place of its name among those of all chunks.
        numbered = replace(chunk.columns, merchant=np.where(merchant < 0, -1, merchant + named))
        for name, column in columns.items():
            column.add(getattr(numbered, name))
        named += names.add(chunk.merchants)
        hashes.add(name_hashes(chunk.merchants))
        parts.append(chunk.part)
        counts += chunk.counts
        oddities += chunk.oddities
        rows += chunk.rows
        located += chunk.located
    joined: dict[str, Any] = {name: column.whole() for name, column in columns.items()}
    order, joined["merchant"] = _merchants(joined["merchant"], hashes.whole())
    return Read(
        **joined,
        rows=rows,
        merchants=names.ordered(order),
        counts=counts,
        oddities=oddities + Counter(backwards=int((np.diff(joined["event_us"]) < 0).sum())),
        located=located,
        parts=parts,
        buckets=buckets,
        folder=folder,
    )


def _merchants(merchant: Ints, hashes: Ints) -> tuple[Ints, Ints]:
    """Number merchants by where they occur first.

    Args:
        merchant: Place of each purchase's merchant among the names of all chunks, -1 without one.
        hashes: Of the names of all chunks.

    Returns:
        For each merchant a place of its name, and each purchase's merchant.
    """
    # A chunk has its names in the order in which they occur, so names follow purchases.
    _, place, same = np.unique(hashes, return_index=True, return_inverse=True)
    order, number = by_first(same, len(place))
    # One more number at the end, for those without: -1 finds it.
    return place[order], np.append(number[same], -1)[merchant]
