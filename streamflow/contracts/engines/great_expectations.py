"""What a contract means as Great Expectations: plain data, so that nothing here imports that library.

Names and arguments are those of Great Expectations 1.x. Each expectation's `meta` names the check that it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from streamflow.contracts.checks import Check, Untranslated
from streamflow.contracts.dataset import Dataset

Expectation = dict[str, Any]
"""`{"type": "expect_...", "kwargs": {...}, "meta": {"check_id", "severity", "dimension", "personal"}}`."""


@dataclass(frozen=True, slots=True)
class Suite:
    """The expectations of one table, and the checks that they cannot express."""

    dataset: str
    expectations: tuple[Expectation, ...]
    untranslated: tuple[Untranslated, ...]


def _between(column: str, args: Mapping[str, Any]) -> dict[str, Any]:
    return {"column": column, "min_value": args["minimum"], "max_value": args["maximum"]}


def _unique(_: str, args: Mapping[str, Any]) -> dict[str, Any]:
    names = list(args["columns"])
    return {"column": names[0]} if len(names) == 1 else {"column_list": names}


_KWARGS: dict[str, tuple[str, Callable[[str, Mapping[str, Any]], dict[str, Any]]]] = {
    "required": ("expect_column_values_to_not_be_null", lambda column, _: {"column": column}),
    "required_when": (
        "expect_column_values_to_not_be_null",
        lambda column, args: {
            "column": column,
            "row_condition": {
                "type": "comparison",
                "column": {"name": args["field"]},
                "operator": "==",
                "parameter": args["equals"],
            },
        },
    ),
    "enum": (
        "expect_column_values_to_be_in_set",
        lambda column, args: {"column": column, "value_set": list(args["values"])},
    ),
    "range": ("expect_column_values_to_be_between", _between),
    "length": ("expect_column_value_lengths_to_be_between", _between),
    "pattern": (
        "expect_column_values_to_match_regex",
        lambda column, args: {"column": column, "regex": args["pattern"]},
    ),
    "unique": ("expect_column_values_to_be_unique", _unique),
}

_WHY_NOT = {
    "type": "the table's own column type holds it (engine postgres); the library fails on timestamptz and numeric",
    "format": "the table's own column type holds it (engine postgres)",
    "items": "the library cannot look into JSON; the table's CHECK holds it",
}


def translate(dataset: Dataset) -> Suite:
    """Translate the contract of a table.

    Args:
        dataset: A dataset of the layers bronze, silver or gold.

    Returns:
        Its expectations, the table's column set first, and the checks that they cannot express.
    """
    names = [column.name for column in dataset.columns]
    columns_meta = {"check_id": f"{dataset.layer}.{dataset.name}.columns", "severity": "error", "personal": False}
    expectations: list[Expectation] = [
        {
            "type": "expect_table_columns_to_match_set",
            "kwargs": {"column_set": names, "exact_match": True},
            "meta": {**columns_meta, "dimension": "conformity"},
        }
    ]
    untranslated: list[Untranslated] = []
    for check in dataset.checks:
        why_not = _obstacle(dataset, check)
        if why_not:
            untranslated.append(Untranslated(check, why_not))
        else:
            expectations.append(_expectation(dataset, check))
    return Suite(dataset.id, tuple(expectations), tuple(untranslated))


def _obstacle(dataset: Dataset, check: Check) -> str:
    if "[]" in check.column or "." in check.column:
        return "it lies inside JSON; records are judged before they are written"
    if check.kind == "length" and dataset.column(check.column).physical_type != "text":
        return "the table's own column type holds it (engine postgres)"
    return "" if check.kind in _KWARGS else _WHY_NOT.get(check.kind, "the library has no expectation for it")


def _expectation(dataset: Dataset, check: Check) -> Expectation:
    name, kwargs_of = _KWARGS[check.kind]
    kwargs = kwargs_of(check.column, check.args)
    if "column_list" in kwargs:
        name = "expect_compound_columns_to_be_unique"
    touched = set(kwargs.get("column_list", [kwargs.get("column")]))
    return {
        "type": name,
        "kwargs": kwargs,
        "meta": {
            "check_id": check.id,
            "severity": check.severity,
            "dimension": check.dimension,
            "personal": bool(touched & dataset.personal),
        },
    }
