"""Purchases in the order of each customer: gaps between them, bursts, counts and the regularity of hours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
DAY_MIN = 1440


@dataclass(frozen=True)
class Sequences:
    """Rows sorted by customer, then time.

    Attributes:
        order: Shape (rows,); place in the table of each sorted row; rows without a customer are left out.
        group: Shape (rows,); number of the customer of each sorted row, rising.
        time_us: Shape (rows,); event times, rising within a customer.
    """

    order: Ints
    group: Ints
    time_us: Ints

    @classmethod
    def of(cls, group: Ints, time_us: Ints) -> Sequences:
        """Sort rows; -1 is no customer."""
        order = np.lexsort((time_us, group))
        order = order[np.searchsorted(group[order], 0) :]
        return cls(order, group[order], time_us[order])

    @cached_property
    def first(self) -> Bools:
        """Whether a sorted row is the first of its customer."""
        return np.concatenate(([True], self.group[1:] != self.group[:-1]))[: len(self.group)]

    @cached_property
    def gaps_s(self) -> Floats:
        """Seconds since the customer's purchase before; shape (rows that are not a first,)."""
        return np.diff(self.time_us)[~self.first[1:]] / 1e6

    @cached_property
    def gap_group(self) -> Ints:
        """The customer of each gap."""
        return self.group[~self.first]

    @cached_property
    def counts(self) -> Ints:
        """Purchases a customer, of those with any."""
        return np.diff(np.append(np.flatnonzero(self.first), len(self.group)))

    @cached_property
    def members(self) -> Ints:
        """The customers with any purchase, in the order of `counts`."""
        return self.group[self.first]

    def bursts(self, within_s: float) -> tuple[Ints, Ints]:
        """Return the length of each burst and its customer: purchases each at most so many seconds after the last."""
        apart = np.concatenate(([True], np.diff(self.time_us) > within_s * 1e6))[: len(self.group)]
        begins = np.flatnonzero(self.first | apart)
        return np.diff(np.append(begins, len(self.group))), self.group[begins]


def regularity(sequences: Sequences, minute: Floats, least: int = 5) -> tuple[Floats, Ints]:
    """Return how closely each customer's hours lie together, and of whom.

    The square of the mean resultant length of the hours on the clock (Mardia and Jupp, Directional Statistics, 2000),
    less what chance gives: 0 for hours at random, 1 for always the same; an estimate may fall below 0.

    Args:
        sequences: The purchases, sorted.
        minute: Shape (rows of the table,); minute of the day, local where it is known.
        least: Customers with fewer purchases are left out.
    """
    angle = 2 * np.pi * minute[sequences.order] / DAY_MIN
    starts = np.flatnonzero(sequences.first)
    n = sequences.counts
    if not len(starts):
        return np.empty(0), np.empty(0, dtype=np.int64)
    squared = np.add.reduceat(np.cos(angle), starts) ** 2 + np.add.reduceat(np.sin(angle), starts) ** 2
    enough = n >= max(2, least)
    n = n[enough]
    return (squared[enough] - n) / (n * (n - 1)), sequences.members[enough]


def pair_counts(group: Ints, code: Ints) -> tuple[Floats, Floats]:
    """Return ordered pairs of rows that agree in the code, and all pairs, by group.

    Args:
        group: Shape (rows,); the group, from 0.
        code: Shape (rows,); the code, from 0.
    """
    groups = int(group.max(initial=-1)) + 1
    width = int(code.max(initial=-1)) + 1
    cells, n = np.unique(group * width + code, return_counts=True)
    agreeing = np.bincount(cells // max(1, width), n * (n - 1.0), groups)
    whole = np.bincount(group, minlength=groups)
    return agreeing.astype(np.float64), whole * (whole - 1.0)
