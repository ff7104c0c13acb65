"""What a topic's contract means as a JSON Schema (2020-12), for producers in any language.

Written from the contract, never from the event models: those would let decimals be written as text. Explicit null
counts as absent, unknown fields are kept, and the version field must be the version of this very schema. `format`
needs to be asserted; beside it stands a pattern, because RFC 3339 allows more than the contract does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from streamflow.contracts.checks import Check, Untranslated
from streamflow.contracts.dataset import Column, Dataset
from streamflow.contracts.engines.fast import VERSION_FIELD
from streamflow.contracts.engines.physical import int_bounds, physical

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
FOLDER: Final = "docs/schemas"

_YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_DATE = f"^{_YEAR}-[0-9]{{2}}-[0-9]{{2}}$"
_TIME = (
    f"^{_YEAR}-[0-9]{{2}}-[0-9]{{2}}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{{1,6}})?"
    "(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])$"
)
# Python's and Java's `$` also matches before a last line break, which ECMA's, and the contract's, does not.
_LINE_BREAK: Final = {"type": "string", "pattern": "[\n\r\u0085\u2028\u2029]$"}
_NO_TIME: Final = {"type": "string", "pattern": "[^0-9Z]$"}

_WHY_NOT: Final = {
    "unique": "a schema sees one record",
    "equals_setting": "a schema knows no settings of a deployment",
}
_INTEGER = "only in part: JSON Schema counts 1.0 as a whole number, and the stream does not"
_CALENDAR = "only in part: a year 1 or 9999 that its offset moves out of the calendar passes"

Resolve = Callable[[str], Dataset]


@dataclass
class Schema:
    """The schema of one version of one topic.

    Attributes:
        dataset: Id of the contract.
        document: Plain data.
        untranslated: Checks that it cannot express, or only in part.
    """

    dataset: str
    document: dict[str, Any]
    untranslated: list[Untranslated] = field(default_factory=list)

    def text(self) -> str:
        """Return the document as it is committed."""
        return json.dumps(self.document, indent=2, ensure_ascii=True) + "\n"


def artefact_path(dataset: Dataset) -> str:
    """Return where the schema of a topic lies below the checkout, as `docs/schemas/transactions.raw/1.0.0.json`."""
    return f"{FOLDER}/{dataset.name}/{dataset.version}.json"


def translate(dataset: Dataset, resolve: Resolve) -> Schema:
    """Translate the contract of a record.

    Args:
        dataset: A topic that carries JSON, or an object inside records.
        resolve: Gives the dataset that a reference inside the contract names.

    Returns:
        The schema.
    """
    out = Schema(dataset.id, {})
    described = dataset.contract.schema[0]
    out.document = {
        "$schema": DIALECT,
        "$id": f"urn:streamflow:{dataset.layer}:{dataset.name}:{dataset.version}",
        "title": f"{dataset.name} {dataset.version}",
        "description": described.description,
        **_object(out, dataset.columns, dataset, resolve),
    }
    return out


def _object(out: Schema, columns: tuple[Column, ...], dataset: Dataset | None, resolve: Resolve) -> dict[str, Any]:
    properties = {column.name: _property(out, column, dataset, resolve) for column in columns}
    required = [column.name for column in columns if column.required]
    found: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        found["required"] = required
    conditions = [*_needed_when(columns), *_by_field(out, columns, resolve)]
    return found | ({"allOf": conditions} if conditions else {})


def _property(out: Schema, column: Column, dataset: Dataset | None, resolve: Resolve) -> dict[str, Any]:
    by_kind: dict[str, Check] = {check.kind: check for check in column.checks}
    for kind, reason in _WHY_NOT.items():
        if kind in by_kind:
            out.untranslated.append(Untranslated(by_kind[kind], reason))
    # Only a topic's own field names the version; `dataset` is None inside of it.
    version = dataset.version if dataset is not None and dataset.topic and column.path == VERSION_FIELD else None
    found = {"description": _described(column), **_value(out, column, by_kind, version, resolve)}
    if not column.required:
        found["type"] = [found["type"], "null"]
        if "enum" in found:
            found["enum"] = [*found["enum"], None]
        if "const" in found:
            found["enum"] = [found.pop("const"), None]
    return found


def _described(column: Column) -> str:
    unit = f" Unit: {column.unit}." if column.unit else ""
    return f"{column.description}{unit}"


def _value(
    out: Schema, column: Column, by_kind: dict[str, Check], version: str | None, resolve: Resolve
) -> dict[str, Any]:
    if version is not None:
        return {"type": "string", "const": version}
    if column.enum:
        return {"type": column.logical_type, "enum": list(column.enum)}
    if column.logical_type == "array" and column.item is not None:
        items = _property(out, column.item, None, resolve)
        # An item that is null is no item of its type, whatever the contract says about its presence.
        if isinstance(items["type"], list):
            items["type"] = items["type"][0]
        return {"type": "array", "items": items} | _given(
            minItems=column.options.min_items, maxItems=column.options.max_items
        )
    if column.logical_type == "object" and column.columns:
        return _object(out, column.columns, None, resolve)
    return _plain(out, column, by_kind)


def _plain(out: Schema, column: Column, by_kind: dict[str, Check]) -> dict[str, Any]:
    logical, options = column.logical_type, column.options
    found: dict[str, Any] = {"type": "string" if logical in ("timestamp", "date") else logical}
    if logical == "string":
        found |= _given(minLength=options.min_length, maxLength=options.max_length)
        found |= {"pattern": options.pattern, "not": _LINE_BREAK} if options.pattern else {}
    elif logical == "date":
        found |= {"format": "date", "pattern": _DATE, "not": _NO_TIME}
    elif logical == "timestamp":
        out.untranslated.append(Untranslated(by_kind["format"], _CALENDAR, partly=True))
        found |= {"format": "date-time", "pattern": _TIME, "not": _NO_TIME}
    elif logical == "number":
        found |= _given(minimum=options.minimum, maximum=options.maximum)
    elif logical == "integer":
        out.untranslated.append(Untranslated(by_kind["type"], _INTEGER, partly=True))
        low, high = int_bounds(physical(by_kind["type"].args).bits or 64)
        found["minimum"] = low if options.minimum is None else options.minimum
        found["maximum"] = high if options.maximum is None else options.maximum
    return found


def _given(**options: float | None) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _needed_when(columns: tuple[Column, ...]) -> list[dict[str, Any]]:
    needed: dict[tuple[str, str], list[str]] = {}
    for column in columns:
        when = column.extensions.required_when
        if when is not None:
            needed.setdefault((when.field, when.equals), []).append(column.name)
    return [
        {
            "if": _is(name, value),
            "then": {"required": names, "properties": {one: {"not": {"type": "null"}} for one in names}},
        }
        for (name, value), names in needed.items()
    ]


def _by_field(out: Schema, columns: tuple[Column, ...], resolve: Resolve) -> list[dict[str, Any]]:
    found = []
    for column in columns:
        by = column.extensions.contract_by_field
        for value, reference in (by.contracts if by is not None else {}).items():
            inner = resolve(reference)
            schema = _object(out, inner.columns, None, resolve)
            field_name = by.field if by is not None else ""
            found.append({"if": _is(field_name, value), "then": {"properties": {column.name: schema}}})
    return found


def _is(name: str, value: str) -> dict[str, Any]:
    return {"properties": {name: {"const": value}}, "required": [name]}


_KINDS: Final = {
    "required": "required",
    "type": "type",
    "enum": "enum",
    "minLength": "length",
    "maxLength": "length",
    "minItems": "items",
    "maxItems": "items",
    "minimum": "range",
    "maximum": "range",
    "format": "format",
    "pattern": "pattern",
}
_MISSING = re.compile(r"'([^']*)' is a required property")


def check_of(keyword: str, wanted: Any, path: Sequence[str | int], value: Any, said: str) -> tuple[str, str]:
    """Say which check of the contract an error of a validator stands for.

    Args:
        keyword: The keyword that failed, as `minLength`.
        wanted: Its value in the schema.
        path: Where in the record, as `("lines", 0, "rule")`.
        value: What stands there.
        said: The validator's sentence, which alone names a missing property.

    Returns:
        The column's path as contracts write it, and the kind of check, or `version` where the record names another
        version than the schema's; a null stands for an absent value.
    """
    steps = [str(step) if isinstance(step, str) else "[]" for step in path]
    missing = _MISSING.match(said) if keyword == "required" else None
    if missing:
        return _joined([*steps, missing[1]]), "required"
    where = _joined(steps)
    if value is None and not where.endswith("[]"):
        return where, "required"
    if keyword == "const" or (keyword == "enum" and where == VERSION_FIELD):
        return where, "version" if isinstance(value, str) else "type"
    kind = _KINDS.get(keyword, "pattern")
    if kind == "enum" and not isinstance(value, str):
        kind = "type"
    if wanted in (_DATE, _TIME, _NO_TIME):
        kind = "format"
    return where, kind


def _joined(steps: list[str]) -> str:
    return ".".join(steps).replace(".[]", "[]")
