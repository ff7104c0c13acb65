"""Purchases prepared for estimation, and the figures that are found on them with what they rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from streamflow.contracts.calibrations import Figure
from streamflow.datasets.table import Bools, Codes, Floats, Ints, PurchaseTable
from streamflow.statistics.clusters import Clustered
from streamflow.statistics.sequences import Sequences

DATA, CHOICE, PUBLICATION = "data", "choice", "publication"
"""Keys of a calibration's sources that figures of the generator name."""

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
MINUTE_US = 60_000_000


@dataclass(frozen=True)
class Traffic:
    """The days of full traffic.

    Attributes:
        start_us: Midnight of the first.
        days: How many.
        inside: Shape (rows,); whether a purchase falls on one of them.
        tail_share: Share of the purchases that come after them.
    """

    start_us: int
    days: int
    inside: Bools
    tail_share: float


def traffic_of(table: PurchaseTable) -> Traffic:
    """Find the days of full traffic: from the first to the last with a quarter of what a usual day has.

    A usual day is the one on which the median purchase falls when days are ranked by their purchases, so that neither
    a long thin tail nor a few great days decide.
    """
    day = table.event_us // DAY_US
    volume = np.bincount(day - day.min(), table.weight)
    ranked = np.sort(volume)[::-1]
    usual = ranked[np.searchsorted(np.cumsum(ranked), ranked.sum() / 2)]
    full = np.flatnonzero(volume >= usual / 4)
    first, last = int(day.min() + full[0]), int(day.min() + full[-1])
    inside = (day >= first) & (day <= last)
    tail = float(table.weight[day > last].sum() / table.weight.sum())
    return Traffic(first * DAY_US, last - first + 1, inside, tail)


@dataclass(frozen=True)
class Prepared:
    """A table with what several estimates need."""

    table: PurchaseTable

    @cached_property
    def traffic(self) -> Traffic:
        """Its days of full traffic."""
        return traffic_of(self.table)

    @cached_property
    def groups(self) -> Ints | None:
        """Number of each row's customer, from 0, a row without one being its own; None without a customer column."""
        if self.table.customer is None:
            return None
        return _filled(self.table.customer)

    @cached_property
    def genuine(self) -> Bools:
        """Rows that are no fraud."""
        return ~self.table.fraud

    @cached_property
    def hour(self) -> Ints:
        """Hour of the day by the source's own clock."""
        return self.table.event_us // HOUR_US % 24

    @cached_property
    def minute(self) -> Floats:
        """Minute of the day, local where the source knows it."""
        return np.asarray((self.table.event_us / MINUTE_US + self.offset_min) % 1440, dtype=np.float64)

    @cached_property
    def offset_min(self) -> Ints:
        """Minutes that local time is ahead of UTC: what most purchases of the row's customer have; 0 where unknown.

        A row without an offset counts as UTC; taken as it stands, it would spread the hours of a steady customer.
        """
        offset = self.table.offset_min
        if offset is None:
            return np.zeros(len(self.table), dtype=np.int64)
        if self.groups is None:
            return offset
        least = int(offset.min(initial=0))
        width = int(offset.max(initial=0)) - least + 1
        cells, times = np.unique(self.groups * width + offset - least, return_counts=True)
        # Each customer's cells by how common they are, the commonest last: later ones overwrite.
        order = np.argsort(times, kind="stable")
        usual = np.zeros(int(self.groups.max(initial=-1)) + 1, dtype=np.int64)
        usual[cells[order] // width] = cells[order] % width + least
        return usual[self.groups]

    @cached_property
    def habits(self) -> Sequences | None:
        """Genuine purchases on days of full traffic, by customer; None without a customer column."""
        if self.table.customer is None:
            return None
        group = np.where(self.genuine & self.traffic.inside, self.table.customer.codes, -1)
        return Sequences.of(group, self.table.event_us)

    def groups_of(self, chosen: Bools) -> Ints | None:
        """Return the customers of some rows."""
        return None if self.groups is None else self.groups[chosen]


def _filled(codes: Codes) -> Ints:
    none = codes.codes < 0
    return np.where(none, len(codes.names) + np.cumsum(none) - 1, codes.codes)


@dataclass
class Findings:
    """Figures found on a table, and why others were not.

    Attributes:
        table: The rows.
        figures: By path of the generator's parameters, or `observed.<name>`.
        unknown: By path, why it is not identifiable.
    """

    table: PurchaseTable
    figures: dict[str, Figure] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)

    @property
    def _reason(self) -> str:
        return {"measured": "", "simulated": "computed on generated rows, which measure nothing"}[self.table.status]

    def add(self, path: str, value: Any, *, unit: str, method: str, n: float, interval: Any, reason: str = "") -> None:
        """Note a figure.

        Args:
            path: What it is.
            value: Of the shape that the parameter has.
            unit: Its unit.
            method: How it was computed.
            n: Effective number of rows, or of customers where the method says so.
            interval: 95 %, of the value's shape.
            reason: What limits it.
        """
        self.figures[path] = Figure(
            value=value,
            unit=unit,
            status="measured" if self.table.status == "measured" else "simulated",
            method=method,
            source=DATA,
            n=int(n),
            interval=interval,
            reason="; ".join(part for part in (self._reason, reason) if part),
        )

    def add_share(self, path: str, share: Clustered, *, unit: str, method: str, reason: str = "") -> None:
        """Note one share with its interval."""
        self.add(path, share.value, unit=unit, method=method, n=share.n, interval=list(share.interval), reason=reason)

    def add_shares(
        self, path: str, shares: Sequence[Clustered], names: Sequence[str] | None = None, *, unit: str, method: str
    ) -> None:
        """Note shares of several kinds, as a list or by name; they are made to sum to exactly 1."""
        values = whole([share.value for share in shares])
        ends = [list(share.interval) for share in shares]
        n = min((share.n for share in shares if share.n), default=0.0)
        if names is None:
            self.add(path, values, unit=unit, method=method, n=n, interval=ends)
        else:
            by_name = dict(zip(names, values, strict=True))
            self.add(path, by_name, unit=unit, method=method, n=n, interval=dict(zip(names, ends, strict=True)))

    def leave(self, reason: str, *paths: str) -> None:
        """Say of parameters why the table does not identify them."""
        for path in paths:
            self.unknown[path] = f"not identifiable: {reason}"


def whole(shares: Sequence[float]) -> list[float]:
    """Return shares of six digits that sum to 1 exactly: the largest takes what rounding leaves."""
    total = sum(shares)
    millionths = [round(share / total * 1_000_000) for share in shares]
    millionths[millionths.index(max(millionths))] += 1_000_000 - sum(millionths)
    return [part / 1_000_000 for part in millionths]
