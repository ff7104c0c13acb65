"""SQL files and how values get into them."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg import sql

from streamflow.errors import InputError
from streamflow.warehouse import statements

OURS = {"bronze", "gold", "links", "maintenance", "migrations", "ops", "silver"}
SQL = Path(__file__).resolve().parents[3] / "sql"


def _file(folder: Path, text: str) -> Path:
    path = folder / "one.sql"
    path.write_text(f"{statements.PURPOSE} a test\n{text}", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("value", "written"),
    [("it's", "'it''s'"), (7, "7"), (None, "NULL"), (sql.Identifier('a"b'), '"a""b"')],
)
def test_a_value_is_quoted_by_psycopg_and_never_pasted(tmp_path: Path, value: object, written: str) -> None:
    """A quote inside a value cannot end the literal."""
    path = _file(tmp_path, "SELECT {value}")
    assert statements.render(path, value=value).as_string().endswith(f"SELECT {written}")


def test_a_doubled_brace_is_a_brace(tmp_path: Path) -> None:
    """JSON paths need braces."""
    assert statements.render(_file(tmp_path, "SELECT '{{}}'")).as_string().endswith("SELECT '{}'")


def test_a_missing_value_is_named(tmp_path: Path) -> None:
    """The sentence says which file and which name."""
    with pytest.raises(InputError, match=r"one\.sql needs a value for 'value'"):
        statements.render(_file(tmp_path, "SELECT {value}"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """No stack trace for a checkout that lacks a file."""
    with pytest.raises(InputError, match=r"two\.sql does not exist"):
        statements.render(tmp_path / "two.sql")


def test_every_sql_file_begins_with_its_purpose_and_says_its_grain() -> None:
    """House rule 11; a file of links has no grain of its own but a key."""
    files = [path for path in SQL.rglob("*.sql") if path.parts[len(SQL.parts)] in OURS]
    assert len(files) > 50
    for path in files:
        head = path.read_text(encoding="utf-8")[:900]
        assert head.startswith(statements.PURPOSE), path
        assert any(word in head for word in ("-- Grain:", "-- Key:", "-- Purpose: hand")), path
