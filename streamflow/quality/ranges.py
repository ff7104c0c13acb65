"""Arithmetic of offset ranges; both ends belong to a range. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Range = tuple[int, int]


def clip(ranges: Iterable[Range], low: int, high: int) -> list[Range]:
    """Return what of the ranges lies within low..high, both included."""
    return [(max(a, low), min(b, high)) for a, b in ranges if max(a, low) <= min(b, high)]


def subtract(ranges: Iterable[Range], excused: Sequence[Range]) -> list[Range]:
    """Return what is left of the ranges once every excused range is taken out.

    Args:
        ranges: Ranges in any order.
        excused: Ranges in ascending order of their first offset; they may overlap.

    Returns:
        The remaining ranges, in the order of the ranges given.
    """
    left: list[Range] = []
    for first, last in ranges:
        start = first
        for low, high in excused:
            if high < start or low > last:
                continue
            if low > start:
                left.append((start, low - 1))
            start = max(start, high + 1)
        if start <= last:
            left.append((start, last))
    return left


def holes(first: int, end: int, seen: Range | None, gaps: Iterable[Range]) -> list[Range]:
    """Return the offsets of [first, end) that ended nowhere.

    Args:
        first: The first offset ever ingested.
        end: The committed offset; exclusive.
        seen: The smallest and the largest offset that ended somewhere; None if none did.
        gaps: Ranges between those two that ended nowhere.

    Returns:
        Ranges in ascending order.
    """
    if end <= first:
        return []
    if seen is None:
        return [(first, end - 1)]
    low, high = seen
    return clip([(first, low - 1), *gaps, (high + 1, end - 1)], first, end - 1)
