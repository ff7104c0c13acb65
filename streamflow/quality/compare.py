"""Comparing two sets of rows that lie in different databases, exactly and without moving them.

Each side is a statement giving `(key, line)`: the key names the object, the line is its whole content as text. Both
databases sum 64-bit hashes of the lines by bucket of keys; only buckets whose sums differ are fetched and compared row
by row.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from streamflow.quality.statements import statement

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.sql import Composable

    from streamflow.settings import Settings

BUCKETS = 1024


@dataclass(frozen=True)
class Side:
    """One of the two sets: where it lies and the statement that gives its `(key, line)` rows."""

    connection: Connection[tuple[Any, ...]]
    rows: Composable


@dataclass(frozen=True)
class Difference:
    """How two sets of rows differ; equal sets have no missing and no extra row.

    Attributes:
        expected: Rows on the expected side.
        observed: Rows on the observed side.
        missing: Rows only on the expected side.
        extra: Rows only on the observed side.
        first: The smallest key that differs, with both contents; None when equal.
    """

    expected: int
    observed: int
    missing: int
    extra: int
    first: str | None

    @property
    def equal(self) -> bool:
        """True when both sides hold the same rows, each as often."""
        return self.missing == 0 and self.extra == 0


def compare(settings: Settings, expected: Side, observed: Side) -> Difference:
    """Compare two sets of rows.

    Args:
        settings: Says where the SQL is.
        expected: The recount.
        observed: The table under judgement.

    Returns:
        The difference, with the first key that differs.
    """
    want, have = _digests(settings, expected), _digests(settings, observed)
    differing = sorted(bucket for bucket in want.keys() | have.keys() if want.get(bucket) != have.get(bucket))
    missing = extra = 0
    first: str | None = None
    if differing:
        left, right = _rows(settings, expected, differing), _rows(settings, observed, differing)
        only_left, only_right = left - right, right - left
        missing, extra = only_left.total(), only_right.total()
        first = _first(only_left, only_right)
    return Difference(
        expected=sum(lines for lines, _ in want.values()),
        observed=sum(lines for lines, _ in have.values()),
        missing=missing,
        extra=extra,
        first=first,
    )


def _digests(settings: Settings, side: Side) -> dict[int, tuple[int, Any]]:
    from psycopg.sql import Literal

    query = statement(settings, "digest", rows=side.rows, buckets=Literal(BUCKETS))
    return {row[0]: (row[1], row[2]) for row in side.connection.execute(query)}


def _rows(settings: Settings, side: Side, buckets: list[int]) -> Counter[tuple[str, str]]:
    from psycopg.sql import Literal

    query = statement(settings, "bucket_rows", rows=side.rows, buckets=Literal(BUCKETS), wanted=Literal(buckets))
    return Counter((row[0], row[1]) for row in side.connection.execute(query))


def _first(missing: Counter[tuple[str, str]], extra: Counter[tuple[str, str]]) -> str | None:
    keys = [key for key, _ in missing] + [key for key, _ in extra]
    if not keys:
        return None
    key = min(keys)
    want = next((line for k, line in missing if k == key), "no row")
    have = next((line for k, line in extra if k == key), "no row")
    return f"{key}: expected {want}, found {have}"
