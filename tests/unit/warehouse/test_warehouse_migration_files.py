"""Migrations as files: numbering, and what must not change after it was applied."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamflow.errors import InputError
from streamflow.warehouse.migrations import LAYERS, discover, pending

MIGRATIONS = Path(__file__).resolve().parents[3] / "sql" / "migrations"


def _folder(path: Path, *names: str) -> Path:
    for name in names:
        (path / name).write_text(f"-- Purpose: {name}\nSELECT 1;\n", encoding="utf-8")
    return path


def test_each_layer_has_migrations_numbered_without_a_gap() -> None:
    """The shipped folders pass their own check."""
    counts = {layer: len(discover(MIGRATIONS / layer)) for layer in LAYERS.values()}
    assert counts == {layer: len(list((MIGRATIONS / layer).glob("*.sql"))) for layer in LAYERS.values()}
    assert min(counts.values()) >= 4


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("0001_one.sql", "0003_three.sql"), "should have the number 0002"),
        (("0001_one.sql", "0001_two.sql"), "should have the number 0002"),
        (("first.sql",), "is not named NNNN_name.sql"),
        ((), "There are no migrations"),
    ],
)
def test_wrong_numbers_and_names_are_refused(tmp_path: Path, names: tuple[str, ...], sentence: str) -> None:
    """Before anything is applied."""
    with pytest.raises(InputError, match=sentence):
        discover(_folder(tmp_path, *names))


def test_only_what_is_new_is_pending(tmp_path: Path) -> None:
    """An applied migration with the same text is left alone."""
    found = discover(_folder(tmp_path, "0001_one.sql", "0002_two.sql"))
    applied = {1: ("one", found[0].sha256)}
    assert [one.version for one in pending(found, applied, "silver")] == [2]


def test_a_file_that_changed_after_it_was_applied_is_named_with_what_to_do(tmp_path: Path) -> None:
    """The sentence points to the next number."""
    found = discover(_folder(tmp_path, "0001_one.sql"))
    with pytest.raises(InputError, match=r"0001_one\.sql has changed .* put the change into 0002_<name>\.sql"):
        pending(found, {1: ("one", "0" * 64)}, "silver")


def test_an_applied_file_that_is_gone_is_named(tmp_path: Path) -> None:
    """A checkout of an older commit must not go on as if nothing were."""
    found = discover(_folder(tmp_path, "0001_one.sql"))
    with pytest.raises(InputError, match="0002_two was applied to gold, but its file is gone"):
        pending(found, {1: ("one", found[0].sha256), 2: ("two", "0" * 64)}, "gold")
