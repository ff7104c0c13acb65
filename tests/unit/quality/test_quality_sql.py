"""The SQL of the quality part: every file is used, says its purpose, and can be composed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from psycopg.sql import SQL, Literal

from streamflow.quality.statements import statement
from streamflow.settings import load_settings

FOLDER = load_settings().sql_dir / "quality"
FILES = sorted(FOLDER.glob("*.sql"))
SOURCE = "\n".join(path.read_text() for path in Path(__file__).parents[3].glob("streamflow/quality/*.py"))


def test_there_are_statements() -> None:
    """The folder is the one that the package reads."""
    assert len(FILES) >= 40


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_says_its_purpose_and_grain_and_is_used(path: Path) -> None:
    """Two lines of header, at most 120 characters, and a caller."""
    lines = path.read_text().splitlines()
    assert lines[0].startswith("-- Purpose: ")
    assert any(line.startswith("-- Grain:   ") for line in lines)
    assert max(map(len, lines)) <= 120
    assert f'"{path.stem}"' in SOURCE


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_statement_composes_without_its_header(path: Path) -> None:
    """Whatever its placeholders are."""
    names = set(re.findall(r"(?<!\{)\{([a-z_]+)\}", path.read_text()))
    parts = {name: SQL("{}").format(Literal(1)) for name in names}
    text = statement(load_settings(), path.stem, **parts).as_string()
    assert text.startswith(("SELECT", "WITH"))
    assert "{" not in text.replace("'{}'", "")
