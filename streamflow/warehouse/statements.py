"""SQL text: read from `sql/`, values put in by psycopg's own quoting, never by string formatting.

A file names its values `{like_this}`; a brace that is meant as a brace is written twice. Values that change how a
statement is planned on the far side of a foreign table (bounds of offsets and times) must be literals, everything else
could be either; one way for both keeps the files readable.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from psycopg import sql

from streamflow.errors import InputError

PURPOSE = "-- Purpose:"
_NAME = re.compile(r"\{([a-z_]+)\}")


@lru_cache(maxsize=256)
def read(path: Path) -> str:
    """Return the text of a SQL file.

    Raises:
        InputError: There is none, or it does not begin with its purpose.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"The SQL file {path} does not exist.") from None
    if not text.startswith(PURPOSE):
        raise InputError(f"The SQL file {path} does not begin with '{PURPOSE}'.")
    return text


def render(path: Path, **values: Any) -> sql.Composed:
    """Return the statement of a file with its values quoted.

    Args:
        path: The file.
        **values: What stands for each `{name}`: a `sql.Composable` as it is, anything else as a literal. Names that
            the file does not use are allowed, so that the files of one transform share one set of values.

    Raises:
        InputError: The file uses a name that has no value.
    """
    text = read(path)
    used = set(_NAME.findall(text.replace("{{", "").replace("}}", "")))
    missing = sorted(used - values.keys())
    if missing:
        raise InputError(f"The SQL file {path.name} needs a value for '{missing[0]}'.")
    given = {name: _composable(values[name]) for name in used}
    return sql.SQL(text).format(**given)


def _composable(value: Any) -> sql.Composable:
    return value if isinstance(value, sql.Composable) else sql.Literal(value)


def bound(path: Path) -> sql.SQL:
    """Return the statement of a file whose values are bound as `%(name)s` parameters, for secrets."""
    return sql.SQL(read(path))
