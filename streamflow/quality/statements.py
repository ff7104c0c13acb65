"""SQL text of the quality part, from `sql/quality`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamflow import reader

if TYPE_CHECKING:
    from psycopg.sql import Composable, Composed

    from streamflow.settings import Settings


def statement(settings: Settings, name: str, **parts: Composable) -> Composed:
    """Return the statement in `sql/quality/<name>.sql`, as `streamflow.reader.statement` does."""
    return reader.statement(settings, f"quality/{name}", **parts)
