"""What a user's own file means: a mapping from its columns to the fields of a purchase, read strictly, free of Kafka.

A row is never dropped here. What cannot be read as its field's type stays as text, so that the platform rejects it with
a reason; a refund keeps its negative amount.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Collection, Iterable
from datetime import tzinfo
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import Meta

from streamflow.contracts.dataset import Dataset
from streamflow.contracts.strict import Document, convert, read_yaml
from streamflow.errors import InputError, nearest
from streamflow.generator.cells import Row
from streamflow.generator.moments import DAY_US, FORMATS, UNITS, origin_us
from streamflow.generator.readings import Money
from streamflow.generator.row_reader import Mapped, RowReader

__all__ = ["DAY_US", "Field", "KnownAt", "Label", "Mapped", "Mapping", "MappingFile", "load_mapping"]


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a field comes from: exactly one of column, template, constant and row_number.

    Attributes:
        column: A column.
        template: Several columns joined, as `{Year}-{Month}-{Day} {Time}`.
        constant: The same text in every row.
        row_number: A prefix, followed by the row's number, from 1.
        strip: Characters that do not count at either end, as quotes.
        values: Other words for some of the values.
        empty: Values that mean "none"; the empty text always does.
        format: Of a time: iso, epoch_s, epoch_ms, epoch_us, or as strptime has it.
        origin: Of a time that is a number counted from it, as `2018-04-01`; in the mapping's zone where it names none.
        unit: Of such a number: us, ms, s, min, h or d.
        money: Of an amount.
        slug: Turn text that is no id into one, distinct texts into distinct ids.
        token: Put a hash in place of the text, because it names a person or a card.
    """

    column: str | None = None
    template: str | None = None
    constant: str | int | float | None = None
    row_number: str | None = None
    strip: str = ""
    values: dict[str, str] = {}
    empty: tuple[str, ...] = ()
    format: str | None = None
    origin: str | None = None
    unit: str | None = None
    money: Money | None = None
    slug: bool = False
    token: bool = False


class KnownAt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The column that says when a fraud became known, as the date of its chargeback; a day counts from its end.

    Attributes:
        column: The column.
        format: As of a field.
        origin: As of a field.
        unit: As of a field.
        empty: Values that mean "none"; the empty text always does.
    """

    column: str
    format: str | None = None
    origin: str | None = None
    unit: str | None = None
    empty: tuple[str, ...] = ()


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which rows are fraud, and when that becomes known.

    Attributes:
        column: The column.
        positive: Its values that mean fraud.
        negative: Its values that mean none; every other value when this is empty.
        delay_days: From a purchase to the day on which its label is known, where the file does not say.
        known_at: The column that says it, of the rows that are fraud.
    """

    column: str
    positive: Annotated[tuple[str, ...], Meta(min_length=1)]
    negative: tuple[str, ...] = ()
    delay_days: Annotated[float, Meta(ge=0, le=3650)] = 3.0
    known_at: KnownAt | None = None


class MappingFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it is written."""

    fields: dict[str, Field]
    timezone: str | None = None
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8"
    label: Label | None = None


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
        self._check_times()
        self.columns = sorted(
            {column for field in file.fields.values() for column in _needs(field)} | self._label_needs()
        )
        self.delay_us = int((file.label.delay_days if file.label else 0) * DAY_US)

    def _label_needs(self) -> set[str]:
        label = self.file.label
        if label is None:
            return set()
        return {label.column} if label.known_at is None else {label.column, label.known_at.column}

    def _check_times(self) -> None:
        self._check_time("$.fields.event_timestamp", self.file.fields["event_timestamp"])
        if self.file.label is not None:
            both = set(self.file.label.positive) & set(self.file.label.negative)
            if both:
                raise self._document.fail("$.label", f"'{min(both)}' is both positive and negative.")
            if self.file.label.known_at is not None:
                self._check_time("$.label.known_at", self.file.label.known_at)

    def _check_time(self, place: str, time: Field | KnownAt) -> None:
        fail = self._document.fail
        form = time.format
        if form is not None and form not in FORMATS and "%" not in form:
            raise fail(place, f"the format '{form}' is unknown; {nearest(form, FORMATS)} Or write %Y-%m-%d.")
        if (time.origin is None) != (time.unit is None):
            raise fail(place, "a time that counts from an origin needs both 'origin' and 'unit'.")
        if time.origin is None or time.unit is None:
            return
        if form is not None:
            raise fail(place, "a time has either a 'format' or an 'origin' with a 'unit', not both.")
        if time.unit not in UNITS:
            raise fail(place, f"the unit '{time.unit}' is unknown; {nearest(time.unit, UNITS)}")
        if origin_us(time.origin, self._zone) is None:
            raise fail(place, f"the origin '{time.origin}' is no time; write one as 2018-04-01 or 2018-04-01T00:00:00.")

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
        for key in ("format", "origin", "unit"):
            if getattr(field, key) is not None and self._types[name] != "timestamp":
                raise self._document.fail(place, f"'{key}' fits event_timestamp, not '{name}'.")
        if field.slug and field.token:
            raise self._document.fail(place, f"'{name}' is either a slug or a token, not both.")

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
        missing = next((column for column in self.columns if column not in index), None)
        if missing is not None:
            raise InputError(f"{self.path}: {source.name} has no column '{missing}'{self._why_missing(missing, index)}")
        return RowReader(self, index).read

    def _why_missing(self, column: str, columns: Collection[str]) -> str:
        only = min(columns) if len(columns) == 1 else ""
        mark = next((mark for mark in ",;\t|" if mark in only), None)
        if mark is None:
            return f"; {_nearest(column, columns)}"
        delimiter = self.file.delimiter
        return f", but one column under the delimiter {delimiter!r}; {mark!r} looks like it: set 'delimiter'."

    def known_us(self, mapped: Mapped, event_us: int) -> int:
        """Return when a row's label is known, epoch microseconds.

        Args:
            mapped: The row.
            event_us: Its event time.

        Returns:
            For a fraud the moment that the file names, never before the purchase; else the end of the label delay.
        """
        if mapped.label and mapped.known_us is not None:
            return max(mapped.known_us, event_us)
        return event_us + self.delay_us

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


def _nearest(column: str, columns: Iterable[str]) -> str:
    """Name the closest column, whatever its case."""
    by_lower = {name.lower(): name for name in columns}
    tail = nearest(column.lower(), by_lower)
    near = next((name for lower, name in by_lower.items() if tail == f"did you mean '{lower}'?"), None)
    return nearest(column, by_lower.values()) if near is None else f"did you mean '{near}'?"


def _needs(field: Field) -> list[str]:
    if field.column is not None:
        return [field.column]
    if field.template is not None:
        return [name for _, name, _, _ in string.Formatter().parse(field.template) if name is not None]
    return []
