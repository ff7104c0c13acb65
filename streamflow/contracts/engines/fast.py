"""Compiling the checks of a flat record into one straight-line Python function.

The function says yes or "ask the judge"; it never names a reason. It exists because a loop over checks costs 15 us a record
and the stream has 40 us for everything. The source that it is made from comes from the contract alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamflow.contracts.dataset import Column, Dataset
from streamflow.contracts.engines.json_strict import INT64_MAX, INT64_MIN, TINY
from streamflow.contracts.engines.judge import whole
from streamflow.contracts.timestamps import parse_us

FastCheck = Callable[[dict[str, Any], int, "bytes | None", int], "int | None"]

_SCALARS = frozenset({"string", "integer", "number", "boolean", "timestamp"})


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
    if any(c.logical_type not in _SCALARS for c in dataset.columns):
        return None
    source = _Source(settings)
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


class _Source:
    """The source text of one function and the objects that it refers to."""

    def __init__(self, settings: dict[str, str]) -> None:
        self._settings = settings
        self._names: dict[str, Any] = {"parse_us": parse_us}
        self._lines = [
            "def fast(record, quotes, key, now_ms):",
            "    get = record.get",
            "    strings = known = 0",
        ]

    def line(self, text: str, indent: int = 1) -> None:
        """Append one line."""
        self._lines.append("    " * indent + text)

    def compile(self, name: str) -> FastCheck:
        """Compile what was written."""
        exec(compile("\n".join(self._lines), f"<compiled from {name}>", "exec"), self._names)  # noqa: S102
        function: FastCheck = self._names["fast"]
        return function

    def _refer(self, prefix: str, thing: Any) -> str:
        for name, known in self._names.items():
            if known == thing and name.startswith(prefix):
                return name
        name = f"{prefix}{len(self._names)}"
        self._names[name] = thing
        return name

    def column(self, column: Column, *, is_event_time: bool) -> None:
        """Write the checks of one column; `v` is its value."""
        args = {check.kind: check.args for check in column.checks}
        self.line(f"v = get({column.name!r})")
        indent = 1
        if "required" not in args:
            if "required_when" in args:
                when = args["required_when"]
                self.line(f"if v is None and get({when['field']!r}) == {when['equals']!r}: return None")
            self.line("if v is not None:")
            indent = 2
        getattr(self, f"_{column.logical_type}")(column, args, indent, is_event_time)
        if "enum" in args:
            self.line(f"if v not in {self._refer('values_', frozenset(args['enum']['values']))}: return None", indent)
        if "equals_setting" in args:
            self.line(f"if v != {self._settings[args['equals_setting']['setting']]!r}: return None", indent)
        self.line("known += 1", indent)
        if indent == 2:
            self.line(f"elif {column.name!r} in record: known += 1")

    def _string(self, column: Column, args: dict[str, Any], indent: int, _: bool) -> None:
        tests = ["v.__class__ is not str"]
        if "length" in args:
            low, high = args["length"]["minimum"], args["length"]["maximum"]
            ends = [f"{low} <= " if low else "", "len(v)", f" <= {high}" if high is not None else ""]
            tests.append(f"not {''.join(ends)}" if ends[0] or ends[2] else "False")
        if "pattern" in args:
            tests.append(f"{self._refer('match_', whole(args['pattern']['pattern']).fullmatch)}(v) is None")
        self.line(f"if {' or '.join(tests)}: return None", indent)
        self.line("strings += 1", indent)

    def _timestamp(self, column: Column, args: dict[str, Any], indent: int, is_event_time: bool) -> None:
        self.line("if v.__class__ is not str: return None", indent)
        self.line("t = parse_us(v)", indent)
        self.line("if t is None: return None", indent)
        self.line("strings += 1", indent)
        if is_event_time:
            self.line("time_us = t", indent)

    def _integer(self, column: Column, args: dict[str, Any], indent: int, _: bool) -> None:
        bounds = args.get("range", {})
        low = INT64_MIN if bounds.get("minimum") is None else bounds["minimum"]
        high = INT64_MAX if bounds.get("maximum") is None else bounds["maximum"]
        self.line(f"if v.__class__ is not int or not {low} <= v <= {high}: return None", indent)

    def _number(self, column: Column, args: dict[str, Any], indent: int, _: bool) -> None:
        bounds = args.get("range", {})
        low = INT64_MIN if bounds.get("minimum") is None else bounds["minimum"]
        high = INT64_MAX if bounds.get("maximum") is None else bounds["maximum"]
        self.line("c = v.__class__", indent)
        self.line(f"if c is not float and c is not int or not {low} <= v <= {high}: return None", indent)
        self.line(f"if c is float and -{TINY} < v < {TINY}: return None", indent)

    def _boolean(self, column: Column, args: dict[str, Any], indent: int, _: bool) -> None:
        self.line("if v.__class__ is not bool: return None", indent)
