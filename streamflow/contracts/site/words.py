"""Checks in plain words, for people who read no contract files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from streamflow.contracts.checks import Check

ARTICLES = {"integer": "a whole number", "number": "a number", "string": "a text", "boolean": "true or false"}
TYPES = {**ARTICLES, "timestamp": "a time", "date": "a date", "array": "a list", "object": "an object"}


def check_words(check: Check) -> str:
    """Say a check as the end of a sentence that begins with its column."""
    words = _WORDS.get(check.kind)
    return words(check.args) if words else f"holds the check '{check.kind}'"


def _between(args: Mapping[str, Any], noun: str = "") -> str:
    low, high = args["minimum"], args["maximum"]
    tail = f" {noun}" if noun else ""
    if low is not None and low == high:
        return f"exactly {_number(low)}{tail}"
    if low is None:
        return f"at most {_number(high)}{tail}"
    if high is None:
        return f"at least {_number(low)}{tail}"
    return f"from {_number(low)} to {_number(high)}{tail}"


def _number(value: float) -> str:
    return f"{value:,}"


def _form(args: Mapping[str, Any]) -> str:
    return "is a date, as 2026-03-01" if args["logical"] == "date" else "is a time with zone, as 2026-03-01T09:15:02Z"


def _unique(args: Mapping[str, Any]) -> str:
    names = list(args["columns"])
    return "is there once" if len(names) == 1 else f"{', '.join(names)} together are there once"


_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "required": lambda _: "is never missing",
    "required_when": lambda args: f"is not missing where {args['field']} is {args['equals']}",
    "type": lambda args: f"is {TYPES.get(args['logical'], args['logical'])} ({args['physical']})",
    "format": _form,
    "enum": lambda args: "is one of " + ", ".join(map(str, args["values"])),
    "length": lambda args: "has " + _between(args, "characters"),
    "items": lambda args: "has " + _between(args, "items"),
    "pattern": lambda args: f"matches {args['pattern']}",
    "range": lambda args: "is " + _between(args),
    "equals_setting": lambda args: f"is the setting {args['setting']}",
    "contract": lambda args: f"keeps the contract that {args['field']} names",
    "unique": _unique,
}
