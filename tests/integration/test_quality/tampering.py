"""The shape of the fixture `tamper`, which spoils rows of one table and puts them back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

Tamper = Callable[[str, str, str], AbstractContextManager[int]]
"""Database, table, statement; the context yields the count of rows that the statement changed."""
