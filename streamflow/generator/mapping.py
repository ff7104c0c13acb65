"""What a user's own file means: a mapping from its columns to the fields of a purchase, read strictly, free of Kafka.

A row is never dropped here. What cannot be read as its field's type stays as text, so that the platform rejects it with
a reason; a refund keeps its negative amount.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import Meta

from streamflow.contracts.dataset import Dataset
from streamflow.contracts.strict import Document, convert, read_yaml
from streamflow.errors import InputError, nearest
from streamflow.generator.cells import Row
from streamflow.generator.readings import Money, parse_minor, parse_time, slug, typed_as

DAY_US = 86_400_000_000
FORMATS = ("iso", "epoch_s", "epoch_ms", "epoch_us")

Getter = Callable[[Row], str]
"""From a row to the text of a field; empty where the row has none."""


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a field comes from: exactly one of column, template, constant and row_number.

    Attributes:
        column: A column.
        template: Several columns joined, as `{Year}-{Month}-{Day} {Time}`.
        constant: The same text in every row.
        row_number: A prefix, followed by the row's number, from 1.
        values: Other words for some of the values.
        empty: Values that mean "none"; the empty text always does.
        format: Of a time: iso, epoch_s, epoch_ms, epoch_us, or as strptime has it.
        money: Of an amount.
        slug: Turn text that is no id into one, distinct texts into distinct ids.
    """

    column: str | None = None
    template: str | None = None
    constant: str | int | float | None = None
    row_number: str | None = None
    values: dict[str, str] = {}
    empty: tuple[str, ...] = ()
    format: str | None = None
    money: Money | None = None
    slug: bool = False


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which rows are fraud, and how long after the purchase that becomes known."""

    column: str
    positive: Annotated[tuple[str, ...], Meta(min_length=1)]
    negative: tuple[str, ...] = ()
    delay_days: Annotated[float, Meta(ge=0, le=3650)] = 3.0


class MappingFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it is written."""

    fields: dict[str, Field]
    timezone: str | None = None
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8"
    label: Label | None = None


class Mapped(msgspec.Struct, gc=False):
    """A row as a purchase.

    Attributes:
        record: The fields of transactions.raw, as they will be on the wire.
        event_us: Event time in epoch microseconds; None when it could not be read.
        label: Fraud or not; None when the file does not say.
        rounded: Whether the amount had more digits than the currency.
    """

    record: dict[str, Any]
    event_us: int | None
    label: bool | None
    rounded: bool


class Mapping:
    """A checked mapping, ready to read rows.

    Attributes:
        columns: Every column that it needs.
        delay_us: From a purchase to its chargeback.
    """

    def __init__(self, file: MappingFile, document: Document, contract: Dataset) -> None:
        """Check names against the contract.

        Args:
            file: What was read.
            document: Where from, for errors.
            contract: The contract of transactions.raw.

        Raises:
            InputError: A name is wrong or a required field has no source.
        """
        self.file = file
        self.path = document.path
        self._document = document
        self._types = {column.name: column.logical_type for column in contract.columns}
        self._version = contract.version
        for name, field in file.fields.items():
            self._check(name, field)
        for column in contract.columns:
            if column.required and column.name not in file.fields and column.name != "schema_version":
                raise document.fail("$.fields", f"the field '{column.name}' is required and has no source.")
        self._zone = self._read_zone()
        self.columns = sorted(
            {column for field in file.fields.values() for column in _needs(field)} | self._label_needs()
        )
        self.delay_us = int((file.label.delay_days if file.label else 0) * DAY_US)

    def _label_needs(self) -> set[str]:
        return {self.file.label.column} if self.file.label else set()

    def _read_zone(self) -> tzinfo | None:
        name = self.file.timezone
        if name is None:
            return None
        if name not in available_timezones():
            tail = nearest(name, available_timezones())
            raise self._document.fail(
                "$.timezone", f"'{name}' is no time zone; {tail if len(tail) < 200 else 'write one as Europe/Berlin.'}"
            )
        return ZoneInfo(name)

    def _check(self, name: str, field: Field) -> None:
        place = f"$.fields.{name}"
        valid = [known for known in self._types if known != "schema_version"]
        if name not in valid:
            raise self._document.fail(place, f"a purchase has no field '{name}'; {nearest(name, valid)}")
        given = [s for s in ("column", "template", "constant", "row_number") if getattr(field, s) is not None]
        if len(given) != 1:
            raise self._document.fail(place, f"'{name}' needs exactly one of column, template, constant, row_number.")
        if field.money is not None and name != "amount_minor":
            raise self._document.fail(place, f"'money' fits amount_minor, not '{name}'.")
        if field.format is not None and self._types[name] != "timestamp":
            raise self._document.fail(place, f"'format' fits event_timestamp, not '{name}'.")
        if field.format is not None and field.format not in FORMATS and "%" not in field.format:
            raise self._document.fail(
                place, f"the format '{field.format}' is unknown; {nearest(field.format, FORMATS)} Or write %Y-%m-%d."
            )

    def reader(self, columns: Iterable[str], source: Path) -> Callable[[Row, int], Mapped]:
        """Return a function from (row, row number) to a purchase.

        Args:
            columns: The columns of the file, in order.
            source: The file, for errors.

        Raises:
            InputError: A column that the mapping names is not in the file; the nearest one is in the sentence.
        """
        index: dict[str, int] = {}
        for position, column in enumerate(columns):
            if column in index and column in self.columns:
                raise InputError(f"{source} has two columns '{column}'; rename one.")
            index[column] = position
        for column in self.columns:
            if column not in index:
                raise InputError(f"{self.path}: {source.name} has no column '{column}'; {nearest(column, index)}")
        return _Reader(self, index).read

    @property
    def zone(self) -> tzinfo | None:
        """The zone of times that name none."""
        return self._zone

    @property
    def version(self) -> str:
        """The contract version that records are written by."""
        return self._version

    def logical_type(self, name: str) -> str:
        """Return the contract's type of a field."""
        return self._types[name]


def load_mapping(path: Path, contract: Dataset) -> Mapping:
    """Read a mapping.

    Args:
        path: The YAML file.
        contract: The contract of transactions.raw.

    Raises:
        InputError: An unknown key, field, zone or format; with file, line and the nearest valid name.
    """
    document = read_yaml(path)
    return Mapping(convert(document, MappingFile), document, contract)


def _needs(field: Field) -> list[str]:
    if field.column is not None:
        return [field.column]
    if field.template is not None:
        return [name for _, name, _, _ in string.Formatter().parse(field.template) if name is not None]
    return []


class _Reader:
    """A mapping bound to the columns of one file."""

    def __init__(self, mapping: Mapping, index: dict[str, int]) -> None:
        self._mapping = mapping
        self._index = index
        fields = dict(mapping.file.fields)
        self._time = fields.pop("event_timestamp")
        self._time_text = self._getter(self._time)
        self._amount = fields.pop("amount_minor")
        self._amount_text = self._getter(self._amount)
        self._rest = [
            (name, self._getter(field), typed_as(mapping.logical_type(name))) for name, field in fields.items()
        ]
        label = mapping.file.label
        self._label = index[label.column] if label else -1
        self._positive = frozenset(label.positive) if label else frozenset()
        self._negative = frozenset(label.negative) if label else frozenset()
        self._local = mapping.zone is not None and "utc_offset_min" not in mapping.file.fields

    def _getter(self, field: Field) -> Getter:
        if field.column is not None:
            position = self._index[field.column]

            def get(row: Row) -> str:
                return row.cells[position] if position < len(row.cells) else ""

        elif field.template is not None:
            # An index in place of each name: columns may have blanks and question marks.
            parts = [(text, name) for text, name, _, _ in string.Formatter().parse(field.template)]
            pieces = [(text, self._index[name] if name is not None else -1) for text, name in parts]

            def get(row: Row) -> str:
                cells = row.cells
                filled = [cells[at] if at < len(cells) else "" for _, at in pieces if at >= 0]
                if filled and not any(filled):
                    return ""
                return "".join(text + (cells[at] if 0 <= at < len(cells) else "") for text, at in pieces)

        elif field.row_number is not None:
            prefix = field.row_number

            def get(row: Row) -> str:
                return f"{prefix}{row.number}"

        else:
            constant = str(field.constant)

            def get(row: Row) -> str:
                return constant

        return self._dressed(get, field)

    @staticmethod
    def _dressed(get: Getter, field: Field) -> Getter:
        """Apply other words, "none" values and slugs, where the field asks for them."""
        if not (field.values or field.empty or field.slug):
            return get
        words, empty = field.values, frozenset(field.empty)

        def dressed(row: Row) -> str:
            text = get(row)
            text = words.get(text, text)
            if text in empty or not text:
                return ""
            return slug(text) if field.slug else text

        return dressed

    def read(self, row: Row, number: int) -> Mapped:
        """Return the row as a purchase."""
        row.number = number
        record: dict[str, Any] = {"schema_version": self._mapping.version}
        for name, get, typed in self._rest:
            text = get(row)
            if text:
                record[name] = typed(text)
        moment = self._moment(self._time_text(row), record)
        rounded = self._money(self._amount_text(row), record)
        label: bool | None = None
        if self._label >= 0:
            text = row.cells[self._label] if self._label < len(row.cells) else ""
            if text in self._positive:
                label = True
            elif not self._negative or text in self._negative:
                label = False
        return Mapped(record, moment, label, rounded)

    def _moment(self, text: str, record: dict[str, Any]) -> int | None:
        if not text:
            return None
        found = parse_time(text, self._time.format or "iso")
        if found is None:
            record["event_timestamp"] = text
            return None
        if found.tzinfo is None:
            if self._mapping.zone is None:
                # No zone and none given: the text goes out as it came, and the contract says bad_timestamp.
                record["event_timestamp"] = found.isoformat()
                return None
            found = found.replace(tzinfo=self._mapping.zone)
        if self._local:
            offset = found.utcoffset()
            record["utc_offset_min"] = int(offset.total_seconds() // 60) if offset is not None else 0
        utc = found.astimezone(UTC)
        record["event_timestamp"] = utc.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return int((utc - _EPOCH).total_seconds() * 1_000_000)

    def _money(self, text: str, record: dict[str, Any]) -> bool:
        if not text:
            return False
        parsed = parse_minor(text, self._amount.money or Money())
        record["amount_minor"] = text if parsed is None else parsed[0]
        return parsed is not None and parsed[1]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
