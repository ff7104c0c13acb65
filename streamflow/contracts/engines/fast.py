"""Compiling the checks of a flat record into one straight-line Python function.

The function says yes or "ask the judge"; it never names a reason. It exists because a loop over checks costs several
times as much and the stream has 40 us a record for everything. Its source comes from the contract alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from streamflow.contracts.dataset import Column, Dataset
from streamflow.contracts.engines.json_strict import TINY
from streamflow.contracts.engines.judge import whole
from streamflow.contracts.engines.physical import int_bounds, physical
from streamflow.contracts.timestamps import parse_us

FastCheck = Callable[[dict[str, Any], int, "bytes | None", int], "int | None"]

VERSION_FIELD = "schema_version"
CLASS_PLUS = re.compile(r"\^(\[[^\[\]]+\])\+\$")
"""A pattern that is one class of characters, once or more often."""

SCALARS = frozenset({"string", "integer", "number", "boolean", "timestamp"})
"""Logical types of a flat record."""


def compile_fast(dataset: Dataset, settings: dict[str, str]) -> FastCheck | None:
    """Compile a topic's contract.

    Args:
        dataset: The contract of a topic.
        settings: Values of the settings that checks compare with.

    Returns:
        A function of (record, quote characters in its bytes, Kafka key, Kafka timestamp in ms) that returns the event
        time in microseconds, or None when only the judge can tell; None in place of a function when the contract is
        not flat or its key is a template.
    """
    topic = dataset.topic
    if topic is None or topic.key_field is None or topic.event_time_field is None:
        return None
    if any(c.logical_type not in SCALARS for c in dataset.columns):
        return None
    source = _Source(dataset.version, settings)
    for column in dataset.columns:
        source.column(column, is_event_time=column.name == topic.event_time_field)
    window = topic.event_time_window
    source.line("if known != len(record) or quotes != 2 * (known + strings): return None")
    source.line(f"if key is None or key != record[{topic.key_field!r}].encode(): return None")
    if window is not None:
        before, after = window.before_s * 1_000_000, window.after_s * 1_000_000
        source.line(f"if not now_ms * 1000 - {before} <= time_us <= now_ms * 1000 + {after}: return None")
    source.line("return time_us")
    return source.compile(dataset.id)


def exact_value(column: Column, version: str, settings: Mapping[str, str]) -> str | None:
    """Return the one value that a column can have, where there is only one: it needs no other check."""
    if column.name == VERSION_FIELD:
        return version
    args = {str(check.kind): check.args for check in column.checks}
    if "equals_setting" not in args:
        return None
    value = settings[args["equals_setting"]["setting"]]
    fits = "pattern" not in args or whole(args["pattern"]["pattern"]).fullmatch(value)
    return value if fits else None


def limits(args: Mapping[str, Mapping[str, Any]]) -> tuple[float, float]:
    """Return the least and the greatest value of a number: of its range, and of the bits of an integer."""
    bits = physical(args["type"]).bits
    least, greatest = int_bounds(bits or 64)
    bounds = args.get("range", {})
    low = least if bounds.get("minimum") is None else bounds["minimum"]
    high = greatest if bounds.get("maximum") is None else bounds["maximum"]
    return (max(low, least), min(high, greatest)) if bits else (low, high)


def _tight(args: dict[str, Any]) -> tuple[re.Pattern[str] | None, bool]:
    """Return the pattern of a string, and whether it checks the length as well: `[a-z]+` becomes `[a-z]{1,64}`."""
    if "pattern" not in args:
        return None, False
    pattern, length = args["pattern"]["pattern"], args.get("length")
    simple = CLASS_PLUS.fullmatch(pattern)
    if simple is None or length is None or length["maximum"] is None or not length["minimum"]:
        return whole(pattern), False
    return re.compile(f"{simple[1]}{{{length['minimum']},{length['maximum']}}}", re.ASCII), True


class _Source:
    """The source text of one function and the objects that it refers to.

    Attributes:
        strings: String values that every accepted record has.
        known: Fields that every accepted record has.
    """

    def __init__(self, version: str, settings: dict[str, str]) -> None:
        self._version = version
        self._settings = settings
        self._names: dict[str, Any] = {"parse_us": parse_us}
        self._lines: list[str] = []
        self.strings = self.known = 0

    def line(self, text: str, indent: int = 1) -> None:
        """Append one line."""
        self._lines.append("    " * indent + text)

    def compile(self, name: str) -> FastCheck:
        """Compile what was written."""
        head = ["def fast(record, quotes, key, now_ms):", "    get = record.get"]
        head.append(f"    strings, known = {self.strings}, {self.known}")
        exec(compile("\n".join([*head, *self._lines]), f"<compiled from {name}>", "exec"), self._names)  # noqa: S102
        function: FastCheck = self._names["fast"]
        return function

    def _refer(self, prefix: str, thing: Any) -> str:
        for name, known in self._names.items():
            if name.startswith(prefix) and known == thing:
                return name
        name = f"{prefix}{len(self._names)}"
        self._names[name] = thing
        return name

    def column(self, column: Column, *, is_event_time: bool) -> None:
        """Write the checks of one column; `v` is its value."""
        args: dict[str, Any] = {str(check.kind): check.args for check in column.checks}
        is_text = column.logical_type in ("string", "timestamp")
        self.line(f"v = get({column.name!r})")
        if "required" in args:
            self._value(column, args, 1, is_event_time)
            self.known += 1
            self.strings += is_text
            return
        if "required_when" in args:
            when = args["required_when"]
            self.line(f"if v is None and get({when['field']!r}) == {when['equals']!r}: return None")
        self.line("if v is not None:")
        self._value(column, args, 2, is_event_time)
        self.line("known += 1", 2)
        if is_text:
            self.line("strings += 1", 2)
        self.line(f"elif {column.name!r} in record: known += 1")

    def _value(self, column: Column, args: dict[str, Any], indent: int, is_event_time: bool) -> None:
        exact = exact_value(column, self._version, self._settings)
        if exact is not None:
            self.line(f"if v != {exact!r}: return None", indent)
            return
        if column.logical_type == "timestamp":
            self._timestamp(indent, is_event_time)
        elif column.logical_type == "string":
            self._string(args, indent)
        elif column.logical_type == "boolean":
            self.line("if v.__class__ is not bool: return None", indent)
        else:
            self._numeric(column, args, indent)
        if "enum" in args:
            self.line(f"if v not in {self._refer('values_', frozenset(args['enum']['values']))}: return None", indent)

    def _string(self, args: dict[str, Any], indent: int) -> None:
        tests = ["v.__class__ is not str"]
        pattern, with_length = _tight(args)
        if pattern is not None:
            tests.append(f"{self._refer('match_', pattern.fullmatch)}(v) is None")
        if "length" in args and not with_length:
            low, high = args["length"]["minimum"] or 0, args["length"]["maximum"]
            tests.append(f"not {low} <= len(v)" + (f" <= {high}" if high is not None else ""))
        self.line(f"if {' or '.join(tests)}: return None", indent)

    def _timestamp(self, indent: int, is_event_time: bool) -> None:
        self.line("if v.__class__ is not str: return None", indent)
        self.line("t = parse_us(v)", indent)
        self.line("if t is None: return None", indent)
        if is_event_time:
            self.line("time_us = t", indent)

    def _numeric(self, column: Column, args: dict[str, Any], indent: int) -> None:
        low, high = limits(args)
        if column.logical_type == "integer":
            self.line(f"if v.__class__ is not int or not {low} <= v <= {high}: return None", indent)
            return
        self.line(f"if v.__class__ is not float or not {low} <= v <= {high} or -{TINY} < v < {TINY}:", indent)
        self.line(f"if v.__class__ is not int or not {low} <= v <= {high}: return None", indent + 1)
