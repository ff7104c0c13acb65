"""Offset ranges: what is missing, and what excuses it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamflow.quality.ranges import Range, clip, holes, subtract


@pytest.mark.parametrize(
    ("first", "end", "seen", "gaps", "missing"),
    [
        (0, 0, None, [], []),
        (0, 10, (0, 9), [], []),
        (0, 10, None, [], [(0, 9)]),
        (0, 10, (2, 9), [], [(0, 1)]),
        (0, 10, (0, 6), [], [(7, 9)]),
        (0, 10, (0, 9), [(3, 4)], [(3, 4)]),
        (5, 10, (5, 9), [], []),
        (5, 10, (0, 9), [(2, 6)], [(5, 6)]),
        (0, 5, (0, 9), [(3, 7)], [(3, 4)]),
        (7, 5, (7, 9), [], []),
    ],
)
def test_holes_are_what_lies_between_the_start_and_the_commit_and_ended_nowhere(
    first: int, end: int, seen: Range | None, gaps: list[Range], missing: list[Range]
) -> None:
    """Head, inside and tail; rows beyond the commit are ahead, not wrong."""
    assert holes(first, end, seen, gaps) == missing


@pytest.mark.parametrize(
    ("ranges", "excused", "left"),
    [
        ([(0, 9)], [], [(0, 9)]),
        ([(0, 9)], [(0, 9)], []),
        ([(0, 9)], [(3, 5)], [(0, 2), (6, 9)]),
        ([(0, 9)], [(3, 5), (5, 12)], [(0, 2)]),
        ([(0, 1), (8, 9)], [(1, 8)], [(0, 0), (9, 9)]),
        ([(4, 4)], [(0, 3), (5, 9)], [(4, 4)]),
    ],
)
def test_excused_offsets_leave_the_rest(ranges: list[Range], excused: list[Range], left: list[Range]) -> None:
    """A range may be cut at either end, in the middle, or away."""
    assert subtract(ranges, excused) == left


spans = st.tuples(st.integers(0, 40), st.integers(0, 6)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(spans, max_size=6), st.lists(spans, max_size=6))
def test_subtracting_ranges_is_subtracting_their_offsets(ranges: list[Range], excused: list[Range]) -> None:
    """The same as with sets, whatever overlaps."""

    def offsets(some: list[Range]) -> set[int]:
        return {offset for low, high in some for offset in range(low, high + 1)}

    assert offsets(subtract(ranges, sorted(excused))) == offsets(ranges) - offsets(excused)


@given(spans, st.sets(st.integers(0, 60)))
def test_holes_and_what_was_seen_make_the_whole_range(span: Range, seen: set[int]) -> None:
    """No offset of the committed range is in both or in neither."""
    first, end = span
    ordered = sorted(seen)
    gaps = [(a + 1, b - 1) for a, b in pairwise(ordered) if b > a + 1]
    missing = holes(first, end, (ordered[0], ordered[-1]) if ordered else None, gaps)
    found = [offset for low, high in missing for offset in range(low, high + 1)]
    assert sorted(found) == sorted(set(range(first, end)) - seen)


def test_clipping_drops_what_lies_outside() -> None:
    """Both ends belong to a range."""
    assert clip([(0, 2), (3, 5), (6, 9)], 2, 6) == [(2, 2), (3, 5), (6, 6)]
