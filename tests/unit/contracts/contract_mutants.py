"""Contracts with one thing changed: a check dropped, a bound moved by one step, a value of an enum gone, a need turned.

Mutants are made of the contract's own text as data and built like any contract, so that what is tested is what a person
who changes one line would get.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from streamflow.contracts.dataset import Dataset, build_dataset
from streamflow.contracts.engines.physical import int_bounds, physical
from streamflow.contracts.strict import Document, read_yaml

BOUNDS = {
    "minimum": -1,
    "minLength": -1,
    "minItems": -1,
    "maximum": 1,
    "maxLength": 1,
    "maxItems": 1,
}
"""Options that are bounds, with the direction in which they loosen."""

Property = dict[str, Any]


@dataclass(frozen=True)
class Mutant:
    """One changed contract.

    Attributes:
        what: The change, for the names of failures.
        dataset: The contract as changed.
        equivalent: Why no row can tell it from the original; empty when one must.
    """

    what: str
    dataset: Dataset
    equivalent: str = ""


@dataclass(frozen=True)
class _Change:
    what: str
    apply: Callable[[Property], None]
    equivalent: str = ""


def mutants(dataset: Dataset) -> Iterator[Mutant]:
    """Yield every mutant of a contract."""
    document = read_yaml(dataset.path)
    whole = copy.deepcopy(document.data)
    for path, one in _properties(document.data["schema"][0]["properties"], ""):
        for change in _changes(path, copy.deepcopy(one), dataset):
            document.data = copy.deepcopy(whole)
            target = dict(_properties(document.data["schema"][0]["properties"], ""))[path]
            change.apply(target)
            yield Mutant(f"{path}: {change.what}", _built(dataset, document), change.equivalent)


def _built(dataset: Dataset, document: Document) -> Dataset:
    return build_dataset(dataset.layer, document, dataset.sha256)


def _properties(given: list[Property], parent: str) -> Iterator[tuple[str, Property]]:
    for one in given:
        yield from _walk(one, f"{parent}{one['name']}")


def _walk(one: Property, path: str) -> Iterator[tuple[str, Property]]:
    yield path, one
    yield from _properties(one.get("properties", []), f"{path}.")
    if "items" in one:
        yield from _walk(one["items"], f"{path}[]")


def _changes(path: str, one: Property, dataset: Dataset) -> Iterator[_Change]:
    yield from _presence(path, one)
    options = one.get("logicalTypeOptions", {})
    for name in [name for name in BOUNDS if name in options]:
        why = _unseen(path, one, dataset, name)
        yield _Change(f"{name} dropped", _drop("logicalTypeOptions", name), why)
        for sign in (-1, 1):
            loosened = sign == BOUNDS[name] or _is_version(path, dataset)
            why = _unseen(path, one, dataset, name) if loosened else ""
            moved = _moved(options, name, sign * _step(one))
            if moved is not None:
                yield _Change(f"{name} moved to {moved}", _set_option(name, moved), why)
    if "pattern" in options:
        why = "the version field names the contract" if _is_version(path, dataset) else ""
        yield _Change("pattern dropped", _drop("logicalTypeOptions", "pattern"), why)
    values = one.get("enum", [])
    for place, value in enumerate(values):
        yield _Change(f"value {value['value']} gone", _take_value(place))
    if values:
        by_contract = {by.field for c in dataset.columns if (by := c.extensions.contract_by_field) is not None}
        why = "the contracts of another field are chosen by the same values" if path in by_contract else ""
        yield _Change("enum dropped", lambda target: target.pop("enum"), why)
    for place, custom in enumerate(one.get("customProperties", [])):
        if custom["property"] in ("requiredWhen", "equalsSetting", "contractByField"):
            yield _Change(f"{custom['property']} dropped", _take_custom(place))
    yield from _types(one)


def _presence(path: str, one: Property) -> Iterator[_Change]:
    if path.endswith("[]"):
        return
    needed = bool(one.get("required"))
    yield _Change("no longer required" if needed else "required", _require(not needed))


def _types(one: Property) -> Iterator[_Change]:
    """Yield other logical types that take the same options."""
    other = {"boolean": "string", "object": "boolean"}.get(one["logicalType"])
    if one["logicalType"] == "string" and not one.get("logicalTypeOptions") and not one.get("enum"):
        other = "boolean"
    if one["logicalType"] == "integer":
        other = "number"
    has_inside = one.get("properties") or any(
        custom["property"] == "contractByField" for custom in one.get("customProperties", [])
    )
    if other is not None and not has_inside:
        yield _Change(f"a {other}", lambda target: target.update(logicalType=other))


def _unseen(path: str, one: Property, dataset: Dataset, name: str) -> str:
    """Say why a loosened bound lets nothing pass that something else does not stop."""
    options, logical = one.get("logicalTypeOptions", {}), one["logicalType"]
    if _is_version(path, dataset):
        return "the version field names the contract"
    if one["physicalType"] == "uuid":
        return "another length is no uuid, and the type says so"
    if logical == "integer":
        args = {"logical": logical, "physical": one["physicalType"], "format": options.get("format")}
        least, greatest = int_bounds(physical(args).bits or 64)
        if options[name] in (least, greatest):
            return "the bits of the type end there too"
    if logical == "array" and name == "minItems" and options[name] == 0:
        return "no array has fewer than no items"
    return ""


def _is_version(path: str, dataset: Dataset) -> bool:
    return dataset.topic is not None and dataset.topic.payload == "json" and path == "schema_version"


def _step(one: Property) -> float:
    if one["logicalType"] != "number":
        return 1
    digits = physical({"logical": "number", "physical": one["physicalType"], "format": None}).digits
    return 1e-6 if digits is None else 10.0 ** -digits[1]


def _moved(options: Property, name: str, by: float) -> float | None:
    """Return a bound moved, or None where the contract would no longer be one."""
    value = options[name] + by
    value = round(value, 9) if isinstance(value, float) else value
    pairs = {"minimum": "maximum", "minLength": "maxLength", "minItems": "maxItems"}
    low_name = next((low for low, high in pairs.items() if name in (low, high)), name)
    low, high = (value if n == name else options.get(n) for n in (low_name, pairs[low_name]))
    if (low is not None and high is not None and low > high) or ("imum" not in name and value < 0):
        return None
    return value


def _drop(outer: str, name: str) -> Callable[[Property], None]:
    return lambda target: target[outer].pop(name)


def _set_option(name: str, value: float) -> Callable[[Property], None]:
    return lambda target: target["logicalTypeOptions"].update({name: value})


def _take_value(place: int) -> Callable[[Property], None]:
    return lambda target: target["enum"].pop(place)


def _take_custom(place: int) -> Callable[[Property], None]:
    return lambda target: target["customProperties"].pop(place)


def _require(needed: bool) -> Callable[[Property], None]:
    return lambda target: target.update(required=needed)
