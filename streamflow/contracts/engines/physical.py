"""What a physical type holds beyond its logical type: bits, digits, characters, the form of a uuid.

A value that its column could only keep by rounding, cutting or refusing it does not have the column's type, and every
engine says so before the database is asked. The facts come from the `type` check: a `format` of i32 or i64 names the
width of a topic's integer, else the physical type of a table does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from streamflow.contracts.names import Reason

UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
UUID_LENGTH: Final = 36
UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
"""Characters that neither UTF-8 nor PostgreSQL's text can keep: NUL and half a surrogate pair."""

_BITS: Final = {"i32": 32, "i64": 64, "smallint": 16, "integer": 32, "bigint": 64}
_NUMERIC = re.compile(r"numeric\((\d+),\s*(\d+)\)")

Fit = tuple[Reason, Callable[[Any], str]]
"""The reason of a misfit, and a test that returns what is wrong as the tail of a sentence, or an empty string."""


@dataclass(frozen=True, slots=True)
class Physical:
    """Limits of one column's type.

    Attributes:
        bits: Width of an integer; None for anything else.
        digits: Digits before and after the point of a numeric; None for anything else.
        is_uuid: Whether the column is a uuid.
        is_text: Whether the column keeps text, which a table cannot keep with NUL or half a surrogate pair.
        is_json: Whether the column keeps JSON, which is held to the same at any depth.
    """

    bits: int | None = None
    digits: tuple[int, int] | None = None
    is_uuid: bool = False
    is_text: bool = False
    is_json: bool = False


def physical(args: Mapping[str, Any]) -> Physical:
    """Read the limits out of the arguments of a `type` check.

    Args:
        args: `logical`, `physical` and `format`.

    Returns:
        The limits; a topic's strings and objects have none, because the reader of records has already held them.
    """
    name = args["physical"]
    if args["logical"] == "integer":
        return Physical(bits=_BITS.get(args["format"] or "", _BITS.get(name)))
    numeric = _NUMERIC.fullmatch(name)
    if numeric is not None:
        precision, scale = int(numeric[1]), int(numeric[2])
        return Physical(digits=(precision - scale, scale))
    return Physical(is_uuid=name == "uuid", is_text=name == "text", is_json=name == "jsonb")


def int_bounds(bits: int) -> tuple[int, int]:
    """Return the least and the greatest integer of a width."""
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def scale_of(value: float | Decimal) -> int:
    """Return how many digits a number has after the point, as its shortest text writes it; 0 for 1e300."""
    exponent = Decimal(str(value)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def holds_unstorable(value: Any) -> bool:
    """Say whether text, or any text inside JSON, holds NUL or half a surrogate pair."""
    if isinstance(value, str):
        return UNSTORABLE.search(value) is not None
    if isinstance(value, dict):
        return any(holds_unstorable(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(map(holds_unstorable, value))


def fits(args: Mapping[str, Any]) -> tuple[Fit, ...]:
    """Return the tests of a `type` check for values that have its logical type already.

    Args:
        args: Arguments of the check.

    Returns:
        Tests in the order in which they are asked.
    """
    limits = physical(args)
    if limits.bits is not None:
        low, high = int_bounds(limits.bits)
        sentence = f"must fit into {limits.bits} bits"
        return (("out_of_range", lambda value: "" if low <= value <= high else sentence),)
    if limits.digits is not None:
        before, after = limits.digits
        return (
            ("out_of_range", lambda value: "" if abs(value) < 10**before else f"must have at most {before} digits"),
            (
                "wrong_type",
                lambda value: "" if scale_of(value) <= after else f"must have at most {after} digits after the point",
            ),
        )
    if limits.is_uuid:
        return (("wrong_type", lambda value: "" if UUID.fullmatch(value) else "must be a uuid"),)
    if limits.is_text or limits.is_json:
        return (
            (
                "bad_string",
                lambda value: "must hold no NUL and no half of a surrogate pair" if holds_unstorable(value) else "",
            ),
        )
    return ()
