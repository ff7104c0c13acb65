"""Strict reading of a JSON record: every fault has a name, and whatever passes, PostgreSQL's JSONB takes.

Two readers agree on what they accept. `prove` looks at what a fast decoder made of the bytes and says whether that
decoder can have hidden nothing; `read` parses slowly, with hooks, and names the fault.
"""

from __future__ import annotations

import json
import re
from typing import Any

from streamflow.contracts.names import Reason

MAX_DEPTH = 32
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

# JSONB keeps numbers as NUMERIC: at most 16,383 digits after the point, so 1e-20000 and 0e-99999 are refused there, and
# a float that holds them reads 0.0. A text within these bounds has fewer than 9,000. The fast ways take records of so
# many bytes and look only at values; so an exponent matters only where the value is 0 and cannot tell.
MAX_NUMBER_CHARS = PROOF_BYTES = 8_192
MAX_EXPONENT = 400
TINY = 1e-300

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_EXPONENT = re.compile(r"[eE]([-+]?[0-9]+)$")
_BAD_CHARS = re.compile("[\x00\ud800-\udfff]")

Fault = tuple[Reason, str]


def prove(value: Any, depth: int = 0) -> int:
    """Count the strings in a decoded value, keys included, or return -1 when the value needs the slow reader.

    If the count is half the number of quote characters in the bytes, then no key stood twice and no quote was escaped:
    a repeated key would have left more quotes than strings.
    """
    kind = value.__class__
    if kind is str:
        return 1
    if value is None or kind is bool or (kind is int and INT64_MIN <= value <= INT64_MAX):
        return 0
    if kind is float:
        return -1 if -TINY < value < TINY else 0
    if depth >= MAX_DEPTH or kind not in (dict, list):
        return -1
    inside = value.values() if kind is dict else value
    count = len(value) if kind is dict else 0
    for inner in inside:
        found = prove(inner, depth + 1)
        if found < 0:
            return -1
        count += found
    return count


def depth_of(body: bytes) -> int:
    """Return how deep brackets nest outside of strings, without parsing."""
    depth = deepest = 0
    for token in _TOKENS.finditer(body):
        first = body[token.start()]
        if first in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in b"]}":
            depth -= 1
    return deepest


class _Reader:
    """One slow parse; faults are collected, because malformed text outranks them all."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def integer(self, text: str) -> int:
        if len(text) <= 20:
            value = int(text)
            if INT64_MIN <= value <= INT64_MAX:
                return value
        self.faults.append(
            ("number_out_of_range", f"A whole number of {len(text)} characters needs more than 64 bits.")
        )
        return 0

    def decimal(self, text: str) -> float:
        value = float(text)
        exponent = _EXPONENT.search(text) if value == 0 else None
        digits = exponent[1].lstrip("+-0") if exponent else ""
        too_far = len(digits) > 6 or int(digits or "0") > MAX_EXPONENT
        if too_far or len(text) > MAX_NUMBER_CHARS:
            self.faults.append(("number_out_of_range", "A number has more digits or a larger exponent than is kept."))
            return 0.0
        if value in (float("inf"), float("-inf")):
            self.faults.append(("number_out_of_range", "A number is too large for 64 bits."))
            return 0.0
        return value

    def constant(self, text: str) -> float:
        self.faults.append(("number_out_of_range", f"{text} is no number of JSON."))
        return 0.0

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            self.faults.append(("duplicate_key", f"The key {_shown(twice)} stands twice in one object."))
        return found


def read(body: bytes) -> tuple[dict[str, Any] | None, Fault | None]:
    """Parse a record strictly.

    Args:
        body: The record's bytes.

    Returns:
        The record and None, or None and the fault with its reason and one sentence.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        return None, ("not_utf8", f"Byte {error.start} is no UTF-8.")
    if depth_of(body) > MAX_DEPTH:
        return None, ("too_deep", f"The record nests deeper than {MAX_DEPTH} levels.")
    reader = _Reader()
    try:
        value = json.loads(
            text,
            parse_int=reader.integer,
            parse_float=reader.decimal,
            parse_constant=reader.constant,
            object_pairs_hook=reader.pairs,
        )
    except (ValueError, RecursionError) as error:
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        return None, ("not_json", f"The record is no JSON{where}.")
    if reader.faults:
        return None, reader.faults[0]
    if not isinstance(value, dict):
        return None, ("not_object", "The record is JSON but no object.")
    bad = _bad_string(value, "")
    return (None, bad) if bad else (value, None)


def _bad_string(value: Any, where: str) -> Fault | None:
    if isinstance(value, str):
        if _BAD_CHARS.search(value):
            return ("bad_string", f"The text {where} holds a NUL or half a surrogate pair.")
        return None
    if isinstance(value, dict):
        for key, inner in value.items():
            bad = _bad_string(key, "of a key") or _bad_string(inner, f"in the field {_shown(key)}")
            if bad:
                return bad
    elif isinstance(value, list):
        for inner in value:
            bad = _bad_string(inner, where or "in an array")
            if bad:
                return bad
    return None


def _shown(name: str) -> str:
    """Quote a name that a stranger chose: short, printable, ASCII."""
    return "'" + name.encode("ascii", "backslashreplace").decode("ascii").replace("\x00", "\\x00")[:64] + "'"
