"""The part of the Open Data Contract Standard v3.2.0 that this project uses, as typed frozen structs.

Source: https://bitol-io.github.io/open-data-contract-standard/v3.2.0/ (schema/odcs-json-schema-v3.2.0.json). An
enumeration is the `enum` array of objects that v3.2.0 introduced (RFC 0033). Whatever the standard has no word for
stands in `customProperties`, and those are typed here too: an unknown one fails like an unknown key.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

LogicalType = Literal["string", "date", "timestamp", "number", "integer", "object", "array", "boolean"]
Classification = Literal["public", "internal", "personal"]
Severity = Literal["info", "warning", "error"]
Version = Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$")]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A mapping whose unknown keys are errors."""


class Options(Strict, frozen=True, omit_defaults=True):
    """`logicalTypeOptions` of every logical type in one; ALLOWED_OPTIONS says which fit."""

    minimum: int | float | None = None
    maximum: int | float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    format: str | None = None
    timezone: bool | None = None
    min_items: int | None = None
    max_items: int | None = None


ALLOWED_OPTIONS: dict[str, frozenset[str]] = {
    "string": frozenset({"min_length", "max_length", "pattern", "format"}),
    "integer": frozenset({"minimum", "maximum", "format"}),
    "number": frozenset({"minimum", "maximum", "format"}),
    "timestamp": frozenset({"format", "timezone"}),
    "date": frozenset({"format"}),
    "array": frozenset({"min_items", "max_items"}),
    "object": frozenset(),
    "boolean": frozenset(),
}


class EnumValue(Strict, frozen=True):
    """One allowed value."""

    value: str | int
    label: str | None = None
    description: str | None = None


class CustomProperty(Strict, frozen=True):
    """A name and a value that the standard has no word for."""

    property: str
    value: Any
    description: str | None = None


class Quality(Strict, frozen=True):
    """A rule of the `library` type."""

    id: str
    name: str
    type: Literal["library"]
    metric: Literal["nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount"]
    severity: Severity = "error"
    dimension: str | None = None
    unit: str | None = None
    description: str | None = None
    arguments: dict[str, Any] = {}
    must_be: int | float | None = None
    must_be_greater_or_equal_to: int | float | None = None
    must_be_less_or_equal_to: int | float | None = None


class Property(Strict, frozen=True):
    """A column, a field of a record, or (without a name) the item of an array."""

    logical_type: LogicalType
    physical_type: str
    classification: Classification
    description: str
    name: str = ""
    required: bool = False
    unique: bool = False
    primary_key: bool = False
    primary_key_position: int = -1
    logical_type_options: Options = Options()
    enum: tuple[EnumValue, ...] = ()
    properties: tuple[Property, ...] = ()
    items: Property | None = None
    quality: tuple[Quality, ...] = ()
    custom_properties: tuple[CustomProperty, ...] = ()


class SchemaObject(Strict, frozen=True):
    """The one object of a contract: a topic's record, a table, or an object inside a record."""

    name: str
    physical_name: str
    physical_type: Literal["topic", "table", "object"]
    description: str
    properties: Annotated[tuple[Property, ...], Meta(min_length=1)]
    logical_type: Literal["object"] = "object"
    data_granularity_description: str = ""
    quality: tuple[Quality, ...] = ()


class Description(Strict, frozen=True):
    """What the dataset is for."""

    purpose: str
    usage: str = ""
    limitations: str = ""


class Server(Strict, frozen=True):
    """Where the dataset is; addresses are names of settings, never values."""

    server: str
    type: Literal["kafka", "postgres"]
    host: str
    description: str = ""
    format: str | None = None
    port: str | None = None
    database: Literal["bronze_db", "silver_db", "gold_db"] | None = None
    schema: str | None = None


class Sla(Strict, frozen=True):
    """A promise about time."""

    property: Literal["freshness", "latency", "retention"]
    value: int | float | str
    unit: str
    description: str = ""


class Team(Strict, frozen=True):
    """Who owns the contract."""

    name: str
    description: str = ""


class Contract(Strict, frozen=True):
    """One file."""

    api_version: Literal["v3.2.0"]
    kind: Literal["DataContract"]
    id: str
    name: str
    version: Version
    status: Literal["draft", "active", "deprecated", "retired"]
    description: Description
    schema: Annotated[tuple[SchemaObject, ...], Meta(min_length=1, max_length=1)]
    servers: tuple[Server, ...]
    team: Team
    domain: str = ""
    sla_properties: tuple[Sla, ...] = ()
    custom_properties: tuple[CustomProperty, ...] = ()


class EventTimeWindow(Strict, frozen=True):
    """How far an event time may lie from its Kafka timestamp, in seconds."""

    before_s: Annotated[int, Meta(ge=0)]
    after_s: Annotated[int, Meta(ge=0)]


class KeyTemplates(Strict, frozen=True):
    """Kafka keys made from the record, a template for each value of `field`."""

    field: str
    templates: dict[str, str]


class TopicExtensions(Strict, frozen=True):
    """`customProperties` of a contract whose physical type is topic."""

    payload: Literal["json", "opaque"]
    partitions: Literal["setting"] | Annotated[int, Meta(ge=1)]
    cleanup_policy: Literal["delete", "compact"]
    retention_ms: int
    max_message_bytes: Annotated[int, Meta(ge=1)]
    bronze_table: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    key_field: str | None = None
    key_templates: KeyTemplates | None = None
    event_time_field: str | None = None
    event_time_window: EventTimeWindow | None = None
    max_record_bytes: Annotated[int, Meta(ge=1)] | None = None


class TableExtensions(Strict, frozen=True):
    """`customProperties` of any other contract."""

    producers: tuple[str, ...]
    consumers: tuple[str, ...]


class RequiredWhen(Strict, frozen=True):
    """A field that is required where another has a certain value."""

    field: str
    equals: str


class ContractByField(Strict, frozen=True):
    """An object whose contract (`layer/dataset/version`) depends on another field."""

    field: str
    contracts: dict[str, str]


class ColumnExtensions(Strict, frozen=True):
    """`customProperties` of a property."""

    unit: str | None = None
    required_when: RequiredWhen | None = None
    equals_setting: Literal["base_currency"] | None = None
    contract_by_field: ContractByField | None = None
    contract: str | None = None
