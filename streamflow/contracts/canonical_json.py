"""JSON files that are held by their hash: one object each, of a bounded size, written canonically.

Canonical means sorted keys, no blanks that carry nothing and no escapes that UTF-8 does not need, so that equal content
has equal bytes. Reading is strict: a key that stands twice, NaN or infinity would give another content than one reads.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from streamflow.contracts.text_files import read_text
from streamflow.errors import InputError


def canonical(content: Mapping[str, Any], indent: int | None = None) -> str:
    """Return content as canonical JSON; `indent` only adds line breaks for people."""
    separators = (",", ":") if indent is None else (",", ": ")
    return json.dumps(content, sort_keys=True, ensure_ascii=False, indent=indent, separators=separators)


def content_sha256(content: Mapping[str, Any]) -> str:
    """Return the hash of canonical content, in hex; the key `id`, which names it, is left out."""
    kept = {key: value for key, value in content.items() if key != "id"}
    return hashlib.sha256(canonical(kept).encode()).hexdigest()


def parse_object(text: str, path: Path) -> dict[str, Any]:
    """Read one JSON object strictly.

    Args:
        text: What the file holds.
        path: Where from, for errors.

    Raises:
        InputError: It is no JSON, no object, says a key twice, or holds a number that JSON does not have.
    """
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON: {error}.") from None
    if not isinstance(data, dict):
        raise InputError(f"{path} must hold a JSON object.")
    return data


def read_object(path: Path, max_bytes: int) -> dict[str, Any]:
    """Read the JSON object of a file strictly.

    Args:
        path: The file.
        max_bytes: What it may have at most.

    Raises:
        InputError: As `parse_object`; or it cannot be read, is too large or no UTF-8.
    """
    return parse_object(read_text(path, max_bytes), path)


def hold_id(path: Path, stated: str, wanted: str, remedy: str) -> None:
    """Hold the id that content states against the one that its hash gives.

    Args:
        path: Where from.
        stated: The id in the file.
        wanted: The id by the content.
        remedy: What to do, as the end of the sentence.

    Raises:
        InputError: They differ, so the file was changed by hand.
    """
    if stated != wanted:
        raise InputError(
            f"{path}: the content's hash gives the id {wanted}, not {stated}; the file was changed after it was "
            f"written: {remedy}."
        )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key '{twice}' stands twice in one object")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")
