"""SQL statements of the jobs, rendered from `sql/jobs`; every value goes through one quoting filter."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2

FOLDER = "jobs"
LAST_MS = 253_402_300_799_999
"""The end of the year 9999 in milliseconds since 1970, the last time that fits every calendar on the way."""


def quote(value: object) -> str:
    """Return a SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


@cache
def _environment(sql_dir: Path) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(sql_dir),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - this is SQL, quoted by `literal`; HTML escapes would break it
        keep_trailing_newline=False,
    )
    environment.filters["literal"] = quote
    return environment


def render(sql_dir: Path, name: str, **values: Any) -> str:
    """Return one statement.

    Args:
        sql_dir: The folder that holds all SQL of the project.
        name: The file below `jobs`, without its suffix.
        **values: What the statement names; a missing one is an error.
    """
    return _environment(sql_dir).get_template(f"{FOLDER}/{name}.sql").render(last_ms=LAST_MS, **values)
