"""A mapping bound to the columns of one file: rows as purchases, in a few microseconds each."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from streamflow.generator.cells import Row
from streamflow.generator.moments import (
    DAY_US,
    UNITS,
    MomentReader,
    moment_reader,
    names_no_hour,
    origin_us,
    relative_reader,
)
from streamflow.generator.readings import Money, money_reader, slug, token, typed_as

if TYPE_CHECKING:
    from datetime import tzinfo

    from streamflow.generator.mapping import Field, KnownAt, Label
    from streamflow.generator.mapping import Mapping as FileMapping

MOST_SLUGS = 65_536

Getter = Callable[[list[str], int], str]
"""From a row's cells, as many as the file has columns, and its number, to the text of a field; empty for none."""


class Mapped(msgspec.Struct, gc=False):
    """A row as a purchase.

    Attributes:
        record: The fields of transactions.raw, as they will be on the wire.
        event_us: Event time in epoch microseconds; None when it could not be read.
        label: Fraud or not; None when the file does not say.
        rounded: Whether the amount had more digits than the currency.
        known_us: When the file says that the fraud became known, epoch microseconds; None where it does not.
    """

    record: dict[str, Any]
    event_us: int | None
    label: bool | None
    rounded: bool
    known_us: int | None = None


class RowReader:
    """Reads the rows of one file."""

    def __init__(self, mapping: FileMapping, index: Mapping[str, int]) -> None:
        """Bind a mapping.

        Args:
            mapping: What columns mean.
            index: The place of each column.
        """
        self._index = index
        self._version = mapping.version
        self._width = 1 + max((index[column] for column in mapping.columns), default=-1)
        fields = dict(mapping.file.fields)
        time, amount = fields.pop("event_timestamp"), fields.pop("amount_minor")
        self._time_text = self._getter(time)
        self._moment = _moments(time, mapping.zone)
        self._amount_text = self._getter(amount)
        self._minor = money_reader(amount.money or Money())
        self._rest = [self._part(name, field, mapping.logical_type(name)) for name, field in fields.items()]
        self._local = mapping.zone is not None and "utc_offset_min" not in mapping.file.fields
        label = mapping.file.label
        self._label = index[label.column] if label else -1
        self._sides = _sides(label)
        self._other_side = False if label is not None and not label.negative else None
        known_at = label.known_at if label else None
        self._known = None if known_at is None else _known_at(known_at, index[known_at.column], mapping.zone)

    def read(self, row: Row, number: int) -> Mapped:
        """Return a row as a purchase."""
        cells = row.cells
        if len(cells) < self._width:
            cells = cells + [""] * (self._width - len(cells))
        record: dict[str, Any] = {"schema_version": self._version}
        for name, at, get, typed in self._rest:
            text = cells[at] if get is None else get(cells, number)
            if text:
                record[name] = text if typed is None else typed(text)
        event_us: int | None = None
        text = self._time_text(cells, number)
        if text:
            moment = self._moment(text)
            if isinstance(moment, str):
                record["event_timestamp"] = moment
            else:
                event_us, stamp, offset = moment
                if self._local:
                    record["utc_offset_min"] = offset
                record["event_timestamp"] = stamp
        rounded = False
        text = self._amount_text(cells, number)
        if text:
            minor = self._minor(text)
            if minor is None:
                record["amount_minor"] = text
            else:
                record["amount_minor"], rounded = minor
        if self._label < 0:
            return Mapped(record, event_us, None, rounded)
        label = self._sides.get(cells[self._label], self._other_side)
        known_us = self._known(cells) if label and self._known is not None else None
        return Mapped(record, event_us, label, rounded, known_us)

    def _part(
        self, name: str, field: Field, logical_type: str
    ) -> tuple[str, int, Getter | None, Callable[[str], Any] | None]:
        """Return name, place, how to get the text where the cell is not the text, and its type where it is not text."""
        typed = None if logical_type in ("string", "date") else typed_as(logical_type)
        plain = field.column is not None and not _is_dressed(field)
        return name, self._index[field.column or ""] if plain else -1, None if plain else self._getter(field), typed

    def _getter(self, field: Field) -> Getter:
        if field.column is not None:
            get = _cell(self._index[field.column])
        elif field.template is not None:
            get = self._template(field.template)
        elif field.row_number is not None:
            get = _numbered(field.row_number)
        else:
            get = _constant(str(field.constant))
        return _dressed(get, field) if _is_dressed(field) else get

    def _template(self, template: str) -> Getter:
        # An index in place of each name: columns may have blanks and question marks.
        parts = [(text, name) for text, name, _, _ in string.Formatter().parse(template)]
        pieces = [(text, self._index[name] if name is not None else -1) for text, name in parts]
        places = [at for _, at in pieces if at >= 0]

        def get(cells: list[str], number: int) -> str:
            del number
            if places and not any(cells[at] for at in places):
                return ""
            return "".join([text + cells[at] if at >= 0 else text for text, at in pieces])

        return get


def _cell(position: int) -> Getter:
    return lambda cells, _: cells[position]


def _numbered(prefix: str) -> Getter:
    return lambda _, number: f"{prefix}{number}"


def _constant(text: str) -> Getter:
    return lambda _, __: text


def _is_dressed(field: Field) -> bool:
    return bool(field.strip or field.values or field.empty or field.slug or field.token)


def _dressed(get: Getter, field: Field) -> Getter:
    """Apply stripping, other words, "none" values, slugs and tokens, where the field asks for them."""
    strip, words, empty = field.strip, field.values, frozenset(field.empty)
    plain: Callable[[str], str] = str
    if field.slug or field.token:
        plain = lru_cache(MOST_SLUGS)(slug if field.slug else token)

    def dressed(cells: list[str], number: int) -> str:
        text = get(cells, number)
        if strip:
            text = text.strip(strip)
        text = words.get(text, text)
        return "" if text in empty or not text else plain(text)

    return dressed


def _moments(time: Field | KnownAt, zone: tzinfo | None) -> MomentReader:
    if time.origin is not None and time.unit is not None:
        return relative_reader(origin_us(time.origin, zone) or 0, UNITS[time.unit], zone)
    return moment_reader(time.format or "iso", zone)


def _sides(label: Label | None) -> dict[str, bool]:
    if label is None:
        return {}
    return dict.fromkeys(label.negative, False) | dict.fromkeys(label.positive, True)


def _known_at(known_at: KnownAt, place: int, zone: tzinfo | None) -> Callable[[list[str]], int | None]:
    """Return how to read when a label became known; a day without an hour counts from its end."""
    read, empty, form = _moments(known_at, zone), frozenset(known_at.empty), known_at.format or "iso"
    relative = known_at.origin is not None

    def known(cells: list[str]) -> int | None:
        text = cells[place]
        if not text or text in empty:
            return None
        moment = read(text)
        if isinstance(moment, str):
            return None
        return moment[0] + DAY_US if not relative and names_no_hour(text, form) else moment[0]

    return known
