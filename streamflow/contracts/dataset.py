"""One contract in memory: columns, checks, and where its data lives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamflow.contracts.checks import Check, Kind
from streamflow.contracts.odcs import (
    ALLOWED_OPTIONS,
    Classification,
    ColumnExtensions,
    Contract,
    CustomProperty,
    LogicalType,
    Options,
    Property,
    Server,
    TableExtensions,
    TopicExtensions,
)
from streamflow.contracts.references import check_fields
from streamflow.contracts.strict import Document, convert


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table or a field of a record.

    Attributes:
        path: Name from the top: `lines[].rule`, `attributes.country`; equal to `name` at the top.
        columns: Fields of an object.
        item: Item of an array.
        checks: The checks on this column itself, not on what is inside it.
    """

    name: str
    path: str
    logical_type: LogicalType
    physical_type: str
    required: bool
    unique: bool
    primary_key_position: int
    classification: Classification
    description: str
    options: Options
    enum: tuple[str | int, ...]
    extensions: ColumnExtensions
    columns: tuple[Column, ...]
    item: Column | None
    checks: tuple[Check, ...]

    @property
    def unit(self) -> str | None:
        """Unit of the values, when they have one."""
        return self.extensions.unit

    def walk(self) -> Iterator[Column]:
        """Yield this column and each one inside it."""
        yield self
        for inner in (*self.columns, *((self.item,) if self.item else ())):
            yield from inner.walk()


@dataclass(frozen=True)
class Dataset:
    """One version of one dataset."""

    layer: str
    name: str
    version: str
    contract: Contract
    columns: tuple[Column, ...]
    checks: tuple[Check, ...]
    topic: TopicExtensions | None
    extensions: TopicExtensions | TableExtensions
    path: Path = field(compare=False)
    sha256: str

    @property
    def id(self) -> str:
        """`layer/dataset/version`, as references and lock files write it."""
        return f"{self.layer}/{self.name}/{self.version}"

    @property
    def topic_name(self) -> str:
        """Name of the Kafka topic."""
        return self.contract.schema[0].physical_name

    @property
    def table(self) -> str:
        """Name of the table with its schema, as `silver.clean_transactions`."""
        return self.contract.schema[0].physical_name

    @property
    def database(self) -> str:
        """Database that holds the table."""
        return next((s.database for s in self.servers if s.database), "")

    @property
    def servers(self) -> tuple[Server, ...]:
        """Where the dataset is."""
        return self.contract.servers

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Names of the key columns, in order."""
        keyed = [c for c in self.columns if c.primary_key_position > 0]
        return tuple(c.name for c in sorted(keyed, key=lambda c: c.primary_key_position))

    @property
    def personal(self) -> frozenset[str]:
        """Names of the columns whose values are masked wherever people look."""
        return frozenset(c.name for c in self.columns if c.classification == "personal")

    @property
    def consumers(self) -> tuple[str, ...]:
        """Who reads it."""
        return self.extensions.consumers

    @property
    def producers(self) -> tuple[str, ...]:
        """Who writes it."""
        return self.extensions.producers

    def column(self, name: str) -> Column:
        """Return a column by name; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


def build_dataset(layer: str, document: Document, sha256: str) -> Dataset:
    """Turn a contract file into a dataset.

    Args:
        layer: The folder that the file lies in.
        document: The file.
        sha256: Hash of its bytes.

    Returns:
        The dataset with its checks.

    Raises:
        InputError: The file breaks the standard or our extensions; with file, line and nearest valid name.
    """
    contract = convert(document, Contract)
    schema = contract.schema[0]
    is_topic = schema.physical_type == "topic"
    model: Any = TopicExtensions if is_topic else TableExtensions
    extensions = _extensions(document, contract.custom_properties, model, "$.customProperties")
    prefix = f"{layer}.{contract.name}"
    columns = _columns(document, schema.properties, "$.schema[0].properties", prefix, "")
    checks = [check for column in columns for inner in column.walk() for check in inner.checks]
    check_fields(document, schema, extensions if isinstance(extensions, TopicExtensions) else None)
    keyed = sorted((c for c in columns if c.primary_key_position > 0), key=lambda c: c.primary_key_position)
    if keyed:
        checks.append(Check(f"{prefix}.primary_key", "unique", "", {"columns": tuple(c.name for c in keyed)}))
    for rule in schema.quality:
        if rule.metric == "duplicateValues" and rule.must_be == 0:
            names = tuple(rule.arguments.get("properties", ()))
            checks.append(Check(f"{prefix}.{rule.id}", "unique", "", {"columns": names}, rule.severity))
    return Dataset(
        layer=layer,
        name=contract.name,
        version=contract.version,
        contract=contract,
        columns=columns,
        checks=tuple(checks),
        topic=extensions if isinstance(extensions, TopicExtensions) else None,
        extensions=extensions,
        path=document.path,
        sha256=sha256,
    )


def _extensions(document: Document, given: tuple[CustomProperty, ...], model: Any, path: str) -> Any:
    values: dict[str, Any] = {}
    for index, custom in enumerate(given):
        if custom.property in values:
            raise document.fail(f"{path}[{index}]", f"the custom property '{custom.property}' stands twice.")
        values[custom.property] = custom.value
        document.alias(f"{path}.{custom.property}", f"{path}[{index}].property")
    return convert(document, model, path, values)


def _columns(
    document: Document, given: tuple[Property, ...], path: str, prefix: str, parent: str
) -> tuple[Column, ...]:
    seen: set[str] = set()
    built = []
    for index, one in enumerate(given):
        here = f"{path}[{index}]"
        if not one.name:
            raise document.fail(here, "a property needs a name.")
        if one.name in seen:
            raise document.fail(here, f"the property '{one.name}' stands twice.")
        seen.add(one.name)
        built.append(_column(document, one, here, prefix, f"{parent}{one.name}"))
    return tuple(built)


def _column(document: Document, one: Property, here: str, prefix: str, path: str) -> Column:
    _check_options(document, one, here)
    extensions: ColumnExtensions = _extensions(
        document, one.custom_properties, ColumnExtensions, f"{here}.customProperties"
    )
    item = _column(document, one.items, f"{here}.items", prefix, f"{path}[]") if one.items else None
    return Column(
        name=one.name,
        path=path,
        logical_type=one.logical_type,
        physical_type=one.physical_type,
        required=one.required,
        unique=one.unique,
        primary_key_position=one.primary_key_position if one.primary_key else -1,
        classification=one.classification,
        description=one.description,
        options=one.logical_type_options,
        enum=tuple(value.value for value in one.enum),
        extensions=extensions,
        columns=_columns(document, one.properties, f"{here}.properties", prefix, f"{path}."),
        item=item,
        checks=_checks(one, extensions, prefix, path),
    )


def _check_options(document: Document, one: Property, here: str) -> None:
    allowed = ALLOWED_OPTIONS[one.logical_type]
    options = one.logical_type_options
    for name in options.__struct_fields__:
        if getattr(options, name) is not None and name not in allowed:
            raise document.fail(
                f"{here}.logicalTypeOptions",
                f"the option '{name}' does not fit the logical type {one.logical_type}; "
                f"valid: {', '.join(sorted(allowed)) or 'none'}.",
            )
    for low, high in (("minimum", "maximum"), ("min_length", "max_length"), ("min_items", "max_items")):
        bottom, top = getattr(options, low), getattr(options, high)
        if bottom is not None and top is not None and bottom > top:
            raise document.fail(f"{here}.logicalTypeOptions", f"{low} {bottom} is greater than {high} {top}.")
    pattern = options.pattern
    if pattern is not None and not (pattern.startswith("^") and pattern.endswith("$") and "|" not in pattern):
        raise document.fail(
            f"{here}.logicalTypeOptions.pattern", "a pattern must cover the whole value: write ^...$, without '|'."
        )
    if (one.logical_type == "array") != (one.items is not None):
        raise document.fail(here, "an array needs 'items', and nothing else has them.")


def _checks(one: Property, extensions: ColumnExtensions, prefix: str, path: str) -> tuple[Check, ...]:
    """List the checks of one column, in the order in which a record is judged."""
    options, when, by = one.logical_type_options, extensions.required_when, extensions.contract_by_field
    wanted: list[tuple[Kind, bool, dict[str, Any]]] = [
        ("required", one.required, {}),
        ("required_when", when is not None, {"field": when.field, "equals": when.equals} if when else {}),
        (
            "type",
            True,
            {"logical": one.logical_type, "physical": one.physical_type, "format": options.format},
        ),
        ("format", one.logical_type in ("timestamp", "date"), {"logical": one.logical_type}),
        ("enum", bool(one.enum), {"values": tuple(value.value for value in one.enum)}),
        ("length", *_bounds(options.min_length, options.max_length)),
        ("pattern", options.pattern is not None, {"pattern": options.pattern}),
        ("range", *_bounds(options.minimum, options.maximum)),
        ("items", *_bounds(options.min_items, options.max_items)),
        ("equals_setting", extensions.equals_setting is not None, {"setting": extensions.equals_setting}),
        ("contract", by is not None, {"field": by.field, "contracts": dict(by.contracts)} if by else {}),
        ("unique", one.unique, {"columns": (path,)}),
    ]
    return tuple(Check(f"{prefix}.{path}.{kind}", kind, path, args) for kind, applies, args in wanted if applies)


def _bounds(low: float | None, high: float | None) -> tuple[bool, dict[str, Any]]:
    return low is not None or high is not None, {"minimum": low, "maximum": high}
