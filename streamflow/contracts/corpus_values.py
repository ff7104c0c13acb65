"""Values that try one column of a contract: at, just inside and just outside of every bound, and everything odd.

Each case says which check it breaks, by construction and not by asking an engine. Values are JSON's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from streamflow.contracts.checks import REASON
from streamflow.contracts.dataset import Column
from streamflow.contracts.engines.physical import UUID_LENGTH, Physical, int_bounds, physical
from streamflow.contracts.pattern_text import text_of

SAMPLE_TIME: Final = "2026-03-01T09:15:02.125Z"
SAMPLE_DATE: Final = "2026-03-01"
SAMPLE_UUID: Final = "6ba7b810-9dad-51d1-80b4-00c04fd430c8"

Trait = str
INTEGRAL_FLOAT: Final[Trait] = "integral_float"
UNSTORABLE_TEXT: Final[Trait] = "unstorable_text"
OVER_64_BITS: Final[Trait] = "over_64_bits"
OUTSIDE_THE_CALENDAR: Final[Trait] = "outside_the_calendar"


@dataclass(frozen=True, slots=True)
class Case:
    """One value for one column.

    Attributes:
        label: What is odd about it.
        value: The value.
        kind: The kind of check that it breaks; None when it keeps the contract.
        reason: The reason it is rejected with; empty when it keeps the contract.
        trait: What engines must say about it if they see it differently; empty for nothing.
    """

    label: str
    value: Any
    kind: str | None = None
    reason: str = ""
    trait: Trait = ""


def _bad(label: str, value: Any, kind: str, reason: str = "", trait: Trait = "") -> Case:
    return Case(label, value, kind, reason or REASON[kind], trait)


_WRONG: Final[dict[str, tuple[Any, ...]]] = {
    "string": (5, 1.5, True, ["a"], {"a": 1}),
    "integer": ("5", "", 1.5, True, False, [5], {"a": 5}),
    "number": ("1.5", "NaN", True, [1.5], {"a": 1}),
    "boolean": (0, 1, "true", "", [True], {}),
    "timestamp": (1772356502, 1.5, True, [SAMPLE_TIME], {}),
    "date": (20260301, True, [SAMPLE_DATE], {}),
    "array": ("[]", 5, True, {}, {"a": 1}),
    "object": ("{}", 5, True, [], [1]),
}

_GOOD_TIMES: Final = (
    ("UTC as an offset", "2026-03-01T09:15:02.125+00:00"),
    ("minus zero", "2026-03-01T09:15:02.125-00:00"),
    ("farthest east", "2026-03-01T23:15:02.125+14:00"),
    ("west, over midnight", "2026-02-28T21:15:02.125-12:00"),
    ("half an hour", "2026-03-01T14:45:02.125+05:30"),
    ("no fraction", "2026-03-01T09:15:02Z"),
    ("six digits", "2026-03-01T09:15:02.123456Z"),
    ("leap day", "2024-02-29T23:59:59.999999Z"),
    ("first of all", "0001-01-01T00:00:00Z"),
    ("last of all", "9999-12-31T23:59:59.999999Z"),
)
_BAD_TIMES: Final = (
    ("no zone", "2026-03-01T09:15:02.125"),
    ("a blank for T", "2026-03-01 09:15:02Z"),
    ("small t", "2026-03-01t09:15:02Z"),
    ("small z", "2026-03-01T09:15:02z"),
    ("seven digits", "2026-03-01T09:15:02.1234567Z"),
    ("a comma", "2026-03-01T09:15:02,5Z"),
    ("leap second", "2026-03-01T23:59:60Z"),
    ("hour 24", "2026-03-01T24:00:00Z"),
    ("minute 60", "2026-03-01T09:60:02Z"),
    ("30 February", "2026-02-30T09:15:02Z"),
    ("29 February of no leap year", "2026-02-29T09:15:02Z"),
    ("month 13", "2026-13-01T09:15:02Z"),
    ("month 0", "2026-00-01T09:15:02Z"),
    ("day 0", "2026-03-00T09:15:02Z"),
    ("year 0", "0000-03-01T09:15:02Z"),
    ("year 10000", "10000-03-01T09:15:02Z"),
    ("offset over 14 hours", "2026-03-01T09:15:02+15:00"),
    ("offset without colon", "2026-03-01T09:15:02+0100"),
    ("named zone", "2026-03-01T09:15:02 Europe/Berlin"),
    ("a week", "2026-W09-7T09:15:02Z"),
    ("a day alone", "2026-03-01"),
    ("a trailing newline", "2026-03-01T09:15:02Z\n"),
    ("Arabic digits", "٢٠٢٦-03-01T09:15:02Z"),
    ("infinity", "infinity"),
    ("now", "now"),
    ("nothing", ""),
    ("seconds since 1970", "1772356502"),
)
_EDGE_TIMES: Final = (
    ("before the year 1 in UTC", "0001-01-01T00:00:00+14:00"),
    ("after the year 9999 in UTC", "9999-12-31T23:59:59-12:00"),
)
_GOOD_DATES: Final = (("leap day", "2024-02-29"), ("first", "0001-01-01"), ("last", "9999-12-31"))
_BAD_DATES: Final = (
    ("29 February of no leap year", "2023-02-29"),
    ("one digit", "2026-3-1"),
    ("no dashes", "20260301"),
    ("a time", "2026-03-01T00:00:00Z"),
    ("day 32", "2026-03-32"),
    ("year 0", "0000-03-01"),
    ("year 10000", "10000-03-01"),
    ("a trailing newline", "2026-03-01\n"),
    ("another order", "01.03.2026"),
    ("infinity", "infinity"),
    ("today", "today"),
    ("nothing", ""),
)
_ODD_TEXTS: Final = (
    ("an accent", "é"),
    ("a combining accent", "e\u0301"),
    ("four bytes", "\U0001f600"),
    ("right to left", "שלום"),
    ("a full-width letter", "\uff21"),
    ("a small dotless i", "\u0131"),
    ("a no-break space", "\u00a0"),
    ("a byte order mark", "\ufeff"),
    ("a line separator", "\u2028"),
    ("a tab", "\t"),
    ("a quote", "'\"\\"),
)


def limits_of(column: Column) -> Physical:
    """Return what the physical type of a column can hold."""
    return physical(next(check.args for check in column.checks if check.kind == "type"))


def sample(column: Column) -> Any:
    """Return a value that keeps the contract of a column, whatever is inside it."""
    low = column.options.minimum
    if column.enum:
        return column.enum[0]
    if column.logical_type == "array" and column.item is not None:
        return [sample(column.item)] * max(1, column.options.min_items or 1)
    if column.logical_type == "object":
        return {inner.name: sample(inner) for inner in column.columns if inner.required}
    if column.logical_type in ("integer", "number"):
        return 1 if low is None else max(1, low)
    plain: dict[str, Any] = {"timestamp": SAMPLE_TIME, "date": SAMPLE_DATE, "boolean": True}
    if column.logical_type in plain:
        return plain[column.logical_type]
    return _text(column, column.options.min_length or 1) or _text(column, None)


def cases(column: Column) -> Iterator[Case]:
    """Yield cases for the values of a column; absence and null are the row's business.

    Args:
        column: A column at any depth.
    """
    for value in _WRONG[column.logical_type]:
        yield _bad(f"{type(value).__name__} {value!r}", value, "type")
    yield from _RIGHT[column.logical_type](column)


def _times(_: Column) -> Iterator[Case]:
    yield from _moments(_GOOD_TIMES, _BAD_TIMES)
    for label, text in _EDGE_TIMES:
        yield _bad(label, text, "format", trait=OUTSIDE_THE_CALENDAR)


def _moments(good: tuple[tuple[str, str], ...], bad: tuple[tuple[str, str], ...]) -> Iterator[Case]:
    yield from (Case(label, text) for label, text in good)
    yield from (_bad(label, text, "format") for label, text in bad)


def _text(column: Column, length: int | None) -> str | None:
    """Return a text that keeps the contract's pattern, of a length; None when it has none."""
    options = column.options
    if limits_of(column).is_uuid:
        return SAMPLE_UUID if length in (None, UUID_LENGTH) else None
    if options.pattern is not None:
        return text_of(options.pattern, length)
    return "a" * (1 if length is None else length)


def _strings(column: Column) -> Iterator[Case]:
    limits = limits_of(column)
    base = str(sample(column))
    if column.physical_type == "bytea":
        yield from (Case("empty", ""), Case("bytes as text", "{}"), Case("NUL", "a\x00b"))
        return
    for label, odd in (("NUL", "\x00"), ("half a surrogate pair", "\ud800"), ("the other half", "\udfff")):
        yield _bad(label, base[:-1] + odd, "type", "bad_string", UNSTORABLE_TEXT)
    if column.enum:
        yield from _enums(column)
        return
    yield from _lengths(column)
    if limits.is_uuid:
        yield Case("upper case", SAMPLE_UUID.upper())
        yield _bad("a letter after f", SAMPLE_UUID[:-1] + "g", "type")
        yield _bad("without dashes", SAMPLE_UUID.replace("-", ""), "type")
        yield _bad("in braces", "{" + SAMPLE_UUID + "}", "type")
        yield _bad("dashes elsewhere", SAMPLE_UUID[:8] + SAMPLE_UUID[9:13] + "--" + SAMPLE_UUID[14:], "type")
        return
    for label, odd in _ODD_TEXTS:
        yield _judged(column, label, odd + base[len(odd) :] if len(base) > len(odd) else odd)
    yield _judged(column, "a trailing newline", base + "\n")
    yield _judged(column, "a newline for the last character", base[:-1] + "\n")
    yield _judged(column, "a leading blank", " " + base[1:])
    yield _judged(column, "the other case", base.swapcase())


def _lengths(column: Column) -> Iterator[Case]:
    low, high = column.options.min_length, column.options.max_length
    ends = {"at": (low, high), "inside": (low and low + 1, high and high - 1)}
    for where, lengths in ends.items():
        for length in lengths:
            text = None if length is None else _text(column, length)
            if text is not None and (low or 0) <= len(text) <= (high or len(text)):
                yield Case(f"{length} characters, {where} a bound", text)
    # Text of another length is no uuid at all, and the type comes first.
    is_uuid = limits_of(column).is_uuid
    kind = "type" if is_uuid else "length"
    if low:
        yield _bad("one character too few", (_text(column, low - 1) or "A" * (low - 1)), kind)
    if high:
        yield _bad("one character too many", (_text(column, high + 1) or "A" * (high + 1)), kind)
        yield _bad("far too many", "A" * (high + 5000), kind)
        if not column.options.pattern and not is_uuid:
            yield Case("four bytes each, at the bound", "\U0001f600" * high)
            yield _bad("four bytes each, one too many", "\U0001f600" * (high + 1), "length")
            yield _bad("combining accents count", "e\u0301" * (high // 2) + "ee", "length")


def _judged(column: Column, label: str, text: str) -> Case:
    """Say what a text breaks; length comes before pattern."""
    low, high = column.options.min_length or 0, column.options.max_length
    if len(text) < low or (high is not None and len(text) > high):
        return _bad(label, text, "length")
    pattern = column.options.pattern
    if pattern is not None and not re.fullmatch(pattern.removeprefix("^").removesuffix("$"), text, re.ASCII):
        return _bad(label, text, "pattern")
    return Case(label, text)


def _enums(column: Column) -> Iterator[Case]:
    yield from (Case(f"the value {value}", value) for value in column.enum)
    first = str(column.enum[0])
    near = (first.swapcase(), first + " ", " " + first, first + "\n", first[:-1], first + first[-1], "", "null", "é")
    for text in near:
        if text not in column.enum:
            yield _bad(f"near miss {text!r}", text, "enum")


def _integers(column: Column) -> Iterator[Case]:
    bits = limits_of(column).bits or 64
    least, greatest = int_bounds(bits)
    low, high = column.options.minimum, column.options.maximum
    bottom, top = int(least if low is None else low), int(greatest if high is None else high)
    for label, value in (("at the minimum", bottom), ("inside it", bottom + 1), ("inside the maximum", top - 1)):
        yield Case(label, value)
    yield Case("at the maximum", top)
    yield _bad("1.0 is no integer", float(max(bottom, 1)), "type", trait=INTEGRAL_FLOAT)
    for label, value in (("under the minimum", bottom - 1), ("over the maximum", top + 1)):
        kind = "range" if least <= value <= greatest else "type"
        yield _bad(label, value, kind, "out_of_range", "" if _fits_64(value) else OVER_64_BITS)
    for value in {least - 1, greatest + 1, 10**40} - {bottom - 1, top + 1}:
        yield _bad(f"{value}", value, "type", "out_of_range", "" if _fits_64(value) else OVER_64_BITS)


def _fits_64(value: int) -> bool:
    least, greatest = int_bounds(64)
    return least <= value <= greatest


def _numbers(column: Column) -> Iterator[Case]:
    digits = limits_of(column).digits
    low, high = column.options.minimum, column.options.maximum
    yield from (Case("minus zero", -0.0), Case("zero", 0)) if (low or 0) <= 0 <= (high or 0) else ()
    for sign, bound, side in ((-1, low, "minimum"), (1, high, "maximum")):
        if bound is None:
            continue
        outside, inside = _beside(bound, sign, digits), _beside(bound, -sign, digits)
        yield Case(f"at the {side}", bound)
        yield Case(f"inside the {side}", inside)
        yield _bad(f"outside the {side}", outside, "range")
        yield _bad(f"a whole one outside the {side}", math.floor(bound) + sign * 2, "range")
    if digits is not None:
        yield _bad("more digits than are kept", 10 ** digits[0], "type", "out_of_range")
        yield _bad("an extreme number", 1e300, "type", "out_of_range")
        for label, value in (("one digit too many", 0.5 + 10.0 ** -(digits[1] + 1)), ("sums of floats", 0.1 + 0.2)):
            yield _bad(label, value, "type")
        yield _bad("the smallest float", 5e-324, "type")
        if high is not None:
            yield _bad("rounds to the maximum", float(high) + 0.4 * 10.0 ** -digits[1], "type")
    elif high is not None:
        yield _bad("an extreme number", 1e300, "range")
        yield _bad("an extreme number under zero", -1e300, "range")
        yield Case("the smallest float", 5e-324)
        yield Case("sums of floats", 0.1 + 0.2)
    else:
        yield from (Case("an extreme number", 1e300), Case("the smallest float", 5e-324))


def _beside(bound: float, sign: int, digits: tuple[int, int] | None) -> float:
    """Return the next number on one side of a bound that the column's type can write."""
    if digits is None:
        return math.nextafter(bound, sign * math.inf)
    return round(bound + sign * 10.0 ** -digits[1], digits[1])


def _arrays(column: Column) -> Iterator[Case]:
    low, high = column.options.min_items or 0, column.options.max_items
    item = sample(column.item) if column.item is not None else None
    for count in {low, low + 1, high} - {None}:
        if count is not None and (high is None or count <= high):
            yield Case(f"{count} items", [item] * count)
    if low:
        yield _bad("one item too few", [item] * (low - 1), "items")
        yield _bad("no item", [], "items")
    if high is not None:
        yield _bad("one item too many", [item] * (high + 1), "items")
    if limits_of(column).is_json:
        yield _bad("NUL inside", ["a\x00"] * max(low, 1), "type", "bad_string", UNSTORABLE_TEXT)


def _objects(column: Column) -> Iterator[Case]:
    if column.columns or column.extensions.contract_by_field is not None:
        return
    yield Case("anything inside", {"a": [1, {"b": None}], "é": "\U0001f600", "n": 1e300})
    yield Case("nothing inside", {})
    if limits_of(column).is_json:
        yield _bad("NUL deep inside", {"a": [{"b": "\x00"}]}, "type", "bad_string", UNSTORABLE_TEXT)
        yield _bad("half a surrogate pair in a key", {"\ud800": 1}, "type", "bad_string", UNSTORABLE_TEXT)


_RIGHT: Final[dict[str, Callable[[Column], Iterator[Case]]]] = {
    "string": _strings,
    "integer": _integers,
    "number": _numbers,
    "timestamp": _times,
    "date": lambda _: _moments(_GOOD_DATES, _BAD_DATES),
    "boolean": lambda _: iter((Case("true", value=True), Case("false", value=False))),
    "array": _arrays,
    "object": _objects,
}
"""Cases by logical type, besides values of other types."""
