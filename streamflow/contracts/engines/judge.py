"""Judging one parsed record or row by the checks of its contract: exact, explained, not fast."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from streamflow.contracts.checks import REASON, Check, Untranslated
from streamflow.contracts.dataset import Column, Dataset
from streamflow.contracts.names import Reason
from streamflow.contracts.timestamps import parse_date, parse_us

Fault = tuple[Reason, str]
Resolve = Callable[[str], Dataset]


def whole(pattern: str) -> re.Pattern[str]:
    """Compile a contract's pattern so that it must match a whole value; `$` alone would let a final newline pass."""
    inner = pattern[1:-1] if pattern.startswith("^") and pattern.endswith("$") else f".*?(?:{pattern}).*"
    return re.compile(inner, re.ASCII)


def has_type(logical: str, value: Any) -> bool:
    """Say whether a JSON value has a logical type; 1.0 and 1e2 are no integers, true is no number."""
    kind = value.__class__
    if logical in ("string", "timestamp", "date"):
        return kind is str
    if logical == "integer":
        return kind is int
    if logical == "number":
        return kind is float or kind is int
    if logical == "boolean":
        return kind is bool
    return kind is (list if logical == "array" else dict)


class Judge:
    """The checks of a dataset, ready to judge records.

    Attributes:
        untranslated: Checks that no single record can answer.
    """

    def __init__(self, dataset: Dataset, settings: Mapping[str, str], resolve: Resolve) -> None:
        """Prepare.

        Args:
            dataset: The contract.
            settings: Values that `equals_setting` checks compare with, by name of the setting.
            resolve: Gives the dataset that a reference inside the contract names.
        """
        self.dataset = dataset
        self._settings = settings
        self._known = frozenset(c.name for c in dataset.columns)
        self._patterns: dict[str, re.Pattern[str]] = {}
        self._members: dict[str, dict[str, Judge]] = {}
        self.untranslated: list[Untranslated] = []
        for check in dataset.checks:
            if check.kind == "pattern":
                self._patterns[check.id] = whole(check.args["pattern"])
            elif check.kind == "contract":
                named: Mapping[str, str] = check.args["contracts"]
                self._members[check.id] = {k: Judge(resolve(v), settings, resolve) for k, v in named.items()}
            elif check.kind == "unique":
                self.untranslated.append(Untranslated(check, "one record cannot show that a value is unique"))

    def __call__(self, record: Mapping[str, Any]) -> tuple[Fault | None, bool]:
        """Judge one record.

        Returns:
            The first fault in the order of the contract's columns, or None; and whether unknown fields were seen.
        """
        return self._object(self.dataset.columns, self._known, record, record)

    def _object(
        self, columns: tuple[Column, ...], known: frozenset[str], values: Mapping[str, Any], record: Mapping[str, Any]
    ) -> tuple[Fault | None, bool]:
        unknown = not known.issuperset(values)
        for column in columns:
            fault, more = self._value(column, values.get(column.name), values, record)
            if fault:
                return fault, False
            unknown = unknown or more
        return None, unknown

    def _value(
        self, column: Column, value: Any, siblings: Mapping[str, Any], record: Mapping[str, Any]
    ) -> tuple[Fault | None, bool]:
        unknown = False
        for check in column.checks:
            if check.kind == "unique":
                continue
            if value is None:
                if self._is_missing(check, siblings):
                    return (REASON[check.kind], f"The field '{column.path}' is missing."), False  # type: ignore[return-value]
                continue
            if check.kind == "contract":
                fault, more = self._by_contract(check, column, value, record)
                if fault:
                    return fault, False
                unknown = unknown or more
                continue
            sentence = self._broken(check, value)
            if sentence:
                return (REASON[check.kind], f"The field '{column.path}' {sentence}."), False  # type: ignore[return-value]
        if value is None:
            return None, unknown
        if column.columns:
            fault, more = self._object(column.columns, frozenset(c.name for c in column.columns), value, record)
            return fault, unknown or more
        if column.item is not None:
            for inner in value:
                fault, more = self._value(column.item, inner, siblings, record)
                if inner is None:
                    fault = ("wrong_type", f"The field '{column.path}' holds a null.")
                if fault:
                    return fault, False
                unknown = unknown or more
        return None, unknown

    @staticmethod
    def _is_missing(check: Check, siblings: Mapping[str, Any]) -> bool:
        if check.kind == "required":
            return True
        return check.kind == "required_when" and siblings.get(check.args["field"]) == check.args["equals"]

    def _by_contract(
        self, check: Check, column: Column, value: Any, record: Mapping[str, Any]
    ) -> tuple[Fault | None, bool]:
        judge = self._members[check.id].get(str(record.get(check.args["field"])))
        if judge is None:
            return None, False  # The deciding field has its own enum check.
        fault, unknown = judge(value)
        return (fault[0], f"In '{column.path}': {fault[1]}") if fault else None, unknown

    def _broken(self, check: Check, value: Any) -> str:
        """Return what is wrong, as the tail of a sentence that never shows the value, or an empty string."""
        args = check.args
        match check.kind:
            case "type":
                if not has_type(args["logical"], value):
                    return f"must be of the type {args['logical']}"
            case "format":
                if args["logical"] == "timestamp" and parse_us(value) is None:
                    return "must be an RFC 3339 time with a zone, as 2026-03-01T09:15:02.125Z"
                if args["logical"] == "date" and parse_date(value) is None:
                    return "must be a date, as 2026-03-01"
            case "enum":
                if value not in args["values"]:
                    return f"must be one of {', '.join(map(str, args['values']))}"
            case "length":
                return _outside(len(value), args, "must have {} characters")
            case "items":
                return _outside(len(value), args, "must have {} items")
            case "range":
                return _outside(value, args, "must be {}")
            case "pattern":
                if self._patterns[check.id].fullmatch(value) is None:
                    return f"must match {args['pattern']}"
            case "equals_setting":
                if value != self._settings[args["setting"]]:
                    return f"must be {self._settings[args['setting']]}, the base currency"
        return ""


def _outside(number: float, args: Mapping[str, Any], sentence: str) -> str:
    low, high = args["minimum"], args["maximum"]
    if (low is None or number >= low) and (high is None or number <= high):
        return ""
    if low is None:
        return sentence.format(f"at most {high}")
    if high is None:
        return sentence.format(f"at least {low}")
    return sentence.format(f"between {low} and {high}")
