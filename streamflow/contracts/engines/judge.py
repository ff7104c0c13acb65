"""Judging one parsed record or row by the checks of its contract: exact, explained, not fast."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from streamflow.contracts.checks import REASON, Check, Untranslated
from streamflow.contracts.dataset import Column, Dataset
from streamflow.contracts.engines.physical import fits
from streamflow.contracts.names import Reason
from streamflow.contracts.timestamps import parse_date, parse_us

Fault = tuple[Reason, str]
Resolve = Callable[[str], Dataset]
Test = Callable[[Any], str]
"""Takes a value and returns what is wrong as the tail of a sentence that never shows the value, or an empty string."""


def whole(pattern: str) -> re.Pattern[str]:
    """Compile a contract's pattern for `fullmatch`; `$` alone would let a final newline pass."""
    return re.compile(pattern.removeprefix("^").removesuffix("$"), re.ASCII)


def has_type(logical: str, value: Any) -> bool:
    """Say whether a JSON value has a logical type; 1.0 and 1e2 are no integers, true is no number."""
    kind = value.__class__
    if logical == "number":
        return kind is float or kind is int
    wanted = {"integer": int, "boolean": bool, "array": list, "object": dict}.get(logical, str)
    return kind is wanted


def _type_test(args: Mapping[str, Any]) -> Test:
    logical = args["logical"]
    return lambda value: "" if has_type(logical, value) else f"must be of the type {logical}"


def _format_test(args: Mapping[str, Any]) -> Test:
    if args["logical"] == "date":
        return lambda value: "must be a date, as 2026-03-01" if parse_date(value) is None else ""
    sentence = "must be an RFC 3339 time with a zone, as 2026-03-01T09:15:02.125Z"
    return lambda value: sentence if parse_us(value) is None else ""


def _enum_test(args: Mapping[str, Any]) -> Test:
    values = args["values"]
    sentence = f"must be one of {', '.join(map(str, values))}"
    return lambda value: "" if value in values else sentence


def _pattern_test(args: Mapping[str, Any]) -> Test:
    matches = whole(args["pattern"]).fullmatch
    sentence = f"must match {args['pattern']}"
    return lambda value: sentence if matches(value) is None else ""


def _bounds_test(args: Mapping[str, Any], sentence: str) -> Callable[[float], str]:
    low, high = args["minimum"], args["maximum"]
    bounds = f"at least {low}" if high is None else f"between {low} and {high}"
    if low is None:
        bounds = f"at most {high}"
    said = sentence.format(bounds)

    def test(number: float) -> str:
        inside = (low is None or number >= low) and (high is None or number <= high)
        return "" if inside else said

    return test


def _length_test(args: Mapping[str, Any]) -> Test:
    test = _bounds_test(args, "must have {} characters")
    return lambda value: test(len(value))


def _items_test(args: Mapping[str, Any]) -> Test:
    test = _bounds_test(args, "must have {} items")
    return lambda value: test(len(value))


def _range_test(args: Mapping[str, Any]) -> Test:
    return _bounds_test(args, "must be {}")


_TESTS: dict[str, Callable[[Mapping[str, Any]], Test]] = {
    "type": _type_test,
    "format": _format_test,
    "enum": _enum_test,
    "pattern": _pattern_test,
    "length": _length_test,
    "items": _items_test,
    "range": _range_test,
}


@dataclass(frozen=True, slots=True)
class _Field:
    """A column with its checks made runnable."""

    name: str
    path: str
    required: bool
    required_when: tuple[str, str] | None
    tests: tuple[tuple[Reason, Test], ...]
    members: tuple[str, dict[str, Judge]] | None
    fields: tuple[_Field, ...]
    known: frozenset[str]
    item: _Field | None


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
        self._settings = settings
        self._resolve = resolve
        self._fields = tuple(self._field(column) for column in dataset.columns)
        self._known = frozenset(c.name for c in dataset.columns)
        self.untranslated = tuple(
            Untranslated(check, "one record cannot show that a value is unique")
            for check in dataset.checks
            if check.kind == "unique"
        )

    def __call__(self, record: Mapping[str, Any]) -> tuple[Fault | None, bool]:
        """Judge one record.

        Returns:
            The first fault in the order of the contract's columns, or None; and whether unknown fields were seen.
        """
        return self._object(self._fields, self._known, record)

    def _field(self, column: Column) -> _Field:
        by_kind = {check.kind: check for check in column.checks}
        when = by_kind.get("required_when")
        by_contract = by_kind.get("contract")
        return _Field(
            name=column.name,
            path=column.path,
            required="required" in by_kind,
            required_when=(when.args["field"], when.args["equals"]) if when else None,
            tests=tuple(
                test
                for check in column.checks
                if check.kind in _TESTS or check.kind == "equals_setting"
                for test in self._tests(check)
            ),
            members=self._members(by_contract) if by_contract else None,
            fields=tuple(self._field(inner) for inner in column.columns),
            known=frozenset(inner.name for inner in column.columns),
            item=self._field(column.item) if column.item else None,
        )

    def _tests(self, check: Check) -> tuple[tuple[Reason, Test], ...]:
        first = (cast(Reason, REASON[check.kind]), self._test(check))
        return (first, *fits(check.args)) if check.kind == "type" else (first,)

    def _test(self, check: Check) -> Test:
        if check.kind != "equals_setting":
            return _TESTS[check.kind](check.args)
        setting = check.args["setting"]
        wanted = self._settings[setting]
        sentence = f"must be {wanted}, the {setting.replace('_', ' ')}"
        return lambda value: "" if value == wanted else sentence

    def _members(self, check: Check) -> tuple[str, dict[str, Judge]]:
        named: Mapping[str, str] = check.args["contracts"]
        judges = {value: Judge(self._resolve(one), self._settings, self._resolve) for value, one in named.items()}
        return check.args["field"], judges

    def _object(
        self, fields: tuple[_Field, ...], known: frozenset[str], values: Mapping[str, Any]
    ) -> tuple[Fault | None, bool]:
        unknown = not known.issuperset(values)
        for field in fields:
            value = values.get(field.name)
            if value is None:
                if self._is_missing(field, values):
                    return ("missing_field", f"The field '{field.path}' is missing."), False
                continue
            fault, more = self._value(field, value, values)
            if fault:
                return fault, False
            unknown = unknown or more
        return None, unknown

    @staticmethod
    def _is_missing(field: _Field, siblings: Mapping[str, Any]) -> bool:
        when = field.required_when
        return field.required or (when is not None and siblings.get(when[0]) == when[1])

    def _value(self, field: _Field, value: Any, siblings: Mapping[str, Any]) -> tuple[Fault | None, bool]:
        for reason, test in field.tests:
            sentence = test(value)
            if sentence:
                return (reason, f"The field '{field.path}' {sentence}."), False
        if field.members is not None:
            return self._by_contract(field, field.members, value, siblings)
        if field.item is not None:
            return self._array(field.item, value, siblings)
        return self._object(field.fields, field.known, value) if field.fields else (None, False)

    def _array(self, item: _Field, values: list[Any], siblings: Mapping[str, Any]) -> tuple[Fault | None, bool]:
        unknown = False
        for value in values:
            fault, more = self._value(item, value, siblings)
            if fault:
                return fault, False
            unknown = unknown or more
        return None, unknown

    @staticmethod
    def _by_contract(
        field: _Field, members: tuple[str, dict[str, Judge]], value: Any, siblings: Mapping[str, Any]
    ) -> tuple[Fault | None, bool]:
        named = siblings.get(members[0])
        judge = members[1].get(named) if isinstance(named, str) else None
        if judge is None:
            return ("not_in_enum", f"The field '{members[0]}' names no contract for '{field.path}'."), False
        fault, unknown = judge(value)
        return ((fault[0], f"In '{field.path}': {fault[1]}") if fault else None), unknown
