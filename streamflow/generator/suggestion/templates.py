"""Which columns a template can name."""

from __future__ import annotations

_SYNTAX = frozenset("{}!:")


def fits_template(column: str) -> bool:
    """Return whether a column's name can stand in a template between its braces."""
    return bool(column) and not _SYNTAX & set(column)
