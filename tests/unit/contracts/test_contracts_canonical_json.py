"""JSON that is held by its hash: equal content has equal bytes, and what is read is what a person reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamflow.contracts.canonical_json import canonical, content_sha256, hold_id, parse_object, read_object
from streamflow.errors import InputError


def test_equal_content_has_equal_bytes_whatever_its_order() -> None:
    """Sorted at every depth, no blanks, letters as they are."""
    assert canonical({"b": {"y": 1, "x": "ä"}, "a": []}) == '{"a":[],"b":{"x":"ä","y":1}}'


def test_the_id_is_no_part_of_the_hash_that_it_states() -> None:
    """Another id is the same content, another value is not."""
    assert content_sha256({"id": "one", "a": 1}) == content_sha256({"id": "two", "a": 1})
    assert content_sha256({"id": "one", "a": 1}) != content_sha256({"id": "one", "a": 2})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "x.json is no JSON: "),
        ("[]", "x.json must hold a JSON object"),
        ('{"a": {"b": 1, "b": 2}}', "the key 'b' stands twice in one object"),
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": -Infinity}', "-Infinity is no number"),
        ('{"a":' * 100_000, "x.json is no JSON: "),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(text: str, why: str) -> None:
    """A person would see one value and the program another."""
    with pytest.raises(InputError, match=why):
        parse_object(text, Path("x.json"))


def test_a_file_is_read_up_to_its_bound_and_as_utf_8(tmp_path: Path) -> None:
    """The sentence names the file."""
    path = tmp_path / "x.json"
    path.write_bytes(b'{"a": 1}')
    assert read_object(path, 8) == {"a": 1}
    with pytest.raises(InputError, match=r"x\.json has 8 bytes; at most 7 are read"):
        read_object(path, 7)
    path.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(InputError, match=r"x\.json is no UTF-8 \(byte 7\)"):
        read_object(path, 100)
    with pytest.raises(InputError, match=r"none\.json cannot be read"):
        read_object(tmp_path / "none.json", 100)


def test_a_changed_file_says_what_to_do() -> None:
    """The id that the content gives, and the remedy of whoever asked."""
    hold_id(Path("x.json"), "a-1", "a-1", "restore it")
    with pytest.raises(InputError, match=r"gives the id a-2, not a-1; .* written: restore it\."):
        hold_id(Path("x.json"), "a-1", "a-2", "restore it")
