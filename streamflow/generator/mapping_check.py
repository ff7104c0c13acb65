"""A user's file, row by row through its mapping and the contract, without a server: what counts, and what does not.

Nothing of a row is kept but numbers, so that files larger than memory are checked: about 60 bytes a row.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from streamflow.contracts import Validator
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.contracts.timestamps import format_us
from streamflow.generator.cells import Row, Table, open_table
from streamflow.generator.mapping import Mapped, Mapping
from streamflow.generator.places_check import Places, PlacesSeen
from streamflow.generator.readings import parse_time
from streamflow.generator.records import encode

PROGRESS_EVERY = 10_000
MOST_WORDS = 50
K = TypeVar("K")
DAY_US = 86_400_000_000


class Seen(msgspec.Struct):
    """How many rows, and where the first of them stands.

    Attributes:
        rows: How many.
        first: Line of the first one; its number in a file without lines.
    """

    rows: int
    first: int


class SetAside(msgspec.Struct):
    """Rows that the platform does not take, for one reason.

    Attributes:
        reason: A word of the dead-letter vocabulary, or label_unknown.
        detail: The contract's sentence; it names the field, never a value.
        rows: How many.
        first: Line of the first one; its number in a file without lines.
    """

    reason: str
    detail: str
    rows: int
    first: int


class Labels(msgspec.Struct):
    """What the label column says.

    Attributes:
        fraud: Purchases that are fraud.
        legitimate: Purchases that are none.
        values: By value of the column, rows; other values than the first fifty count as `(others)`.
        third: By value that is neither positive nor negative, rows; they are set aside as label_unknown.
        with_moment: Frauds whose moment the file names; the others are known after the delay.
        moment_unread: Frauds whose moment is there, but is no time.
        moment_before_purchase: Frauds known before their purchase, by the file; they count as known at once.
        days_p50: From purchase to that moment, the median.
        days_p95: The same, 19 of 20.
    """

    fraud: int = 0
    legitimate: int = 0
    values: dict[str, int] = {}
    third: dict[str, int] = {}
    with_moment: int = 0
    moment_unread: int = 0
    moment_before_purchase: int = 0
    days_p50: float | None = None
    days_p95: float | None = None


class Times(msgspec.Struct):
    """When purchases happened.

    Attributes:
        first: RFC 3339.
        last: RFC 3339.
        days: Between them.
        zone: The mapping's, of times that name none.
        without_zone: Rows whose time names no zone, and the mapping gives none.
        backwards: Rows that lie before the row above; the first, and how far behind the newest one the furthest lies.
        furthest_back_s: Seconds.
        midnight_share: Share of purchases at midnight by their own clock; near 1 the file has days without hours.
    """

    first: str | None = None
    last: str | None = None
    days: float = 0.0
    zone: str | None = None
    without_zone: int = 0
    backwards: Seen | None = None
    furthest_back_s: float = 0.0
    midnight_share: float = 0.0


class Customers(msgspec.Struct):
    """Who bought.

    Attributes:
        distinct: Customers.
        once: Of them, those with one purchase.
        most: Purchases of the busiest.
    """

    distinct: int = 0
    once: int = 0
    most: int = 0


class MappingCheck(msgspec.Struct):
    """What a mapping makes of a file.

    Attributes:
        file: The file's name.
        rows: Rows read.
        complete: Whether these are all rows of the file.
        purchases: Rows that the platform takes.
        set_aside: Rows that it does not take, most first.
        unit: line or row: what `first` counts.
        times: When purchases happened.
        customers: Who bought.
        currencies: By currency, rows.
        places: Where purchases happened.
        labels: What the label says; None where the mapping names none.
        negative: Rows with an amount below zero, as refunds.
        zero: Rows with an amount of zero.
        rounded: Amounts with more digits than the currency has.
        ragged: Rows with more or fewer cells than columns.
        repeated: Purchases whose customer and id stood in an earlier row; the first of them counts.
    """

    file: str
    rows: int
    complete: bool
    purchases: int
    set_aside: tuple[SetAside, ...]
    unit: str
    times: Times
    customers: Customers
    currencies: dict[str, int]
    places: PlacesSeen
    labels: Labels | None
    negative: Seen | None
    zero: Seen | None
    rounded: Seen | None
    ragged: Seen | None
    repeated: Seen | None


def check_mapping(
    path: Path,
    mapping: Mapping,
    validator: Validator,
    *,
    most_rows: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> MappingCheck:
    """Read a file through its mapping.

    Args:
        path: CSV, compressed or not, or Parquet.
        mapping: What its columns mean.
        validator: The platform's.
        most_rows: Stop after these; all when None.
        progress: Called now and then with the number of rows read.

    Raises:
        InputError: The file cannot be read, or lacks a column of the mapping.
    """
    table = open_table(path, mapping.file.delimiter, mapping.file.encoding)
    check = _Check(table, mapping, validator)
    complete = True
    for row in table:
        if most_rows is not None and row.number > most_rows:
            complete = False
            break
        if progress is not None and row.number % PROGRESS_EVERY == 0:
            progress(row.number)
        check.add(row)
    return check.result(complete)


def judge(mapped: Mapped, validator: Validator) -> tuple[str | None, str]:
    """Return why the platform would set a row aside, and the contract's sentence; (None, "") when it takes it."""
    record = mapped.record
    try:
        body = encode(record)
    except (UnicodeEncodeError, OverflowError, msgspec.EncodeError):
        return "bad_string", "a text of the row is not in the encoding of the file"
    at_ms = (mapped.event_us or 0) // 1000 + 1000
    verdict = validator(TRANSACTIONS_RAW, str(record.get("customer_id", "")).encode(), body, at_ms)
    return verdict.reason, verdict.detail


class _Check:
    """Counts as rows go by."""

    def __init__(self, table: Table, mapping: Mapping, validator: Validator) -> None:
        self._table = table
        self._mapping = mapping
        self._validator = validator
        self._read = mapping.reader(table.columns, table.path)
        self._label = mapping.file.label
        index = {column: at for at, column in enumerate(table.columns)}
        self._label_at = index[self._label.column] if self._label else -1
        known_at = self._label.known_at if self._label else None
        self._known_at = index[known_at.column] if known_at else -1
        self._aside: dict[tuple[str, str], Seen] = {}
        self._odd: dict[str, Seen] = {}
        self._words, self._third, self._currencies = Counter[str](), Counter[str](), Counter[str]()
        self._times, self._lines = array("q"), array("q")
        self._customers, self._ids = array("q"), array("q")
        self._delays = array("d")
        self._labels = Labels()
        self._places = Places()
        self._rows = self._without_zone = self._midnight = 0
        self._newest_us: int | None = None
        self._last_us: int | None = None
        self._furthest_us = 0

    def add(self, row: Row) -> None:
        """Count a row."""
        cells = row.cells
        self._rows = row.number
        mapped = self._read(row, row.number)
        record = mapped.record
        if len(cells) != len(self._table.columns):
            self._note(self._odd, "ragged", row)
        if mapped.rounded:
            self._note(self._odd, "rounded", row)
        amount = record.get("amount_minor")
        if isinstance(amount, int) and amount <= 0:
            self._note(self._odd, "negative" if amount else "zero", row)
        currency = record.get("currency")
        if currency is not None and (currency in self._currencies or len(self._currencies) < MOST_WORDS):
            self._currencies[currency] += 1
        self._places.add(record.get("latitude"), record.get("longitude"), self._table.place(row))
        if mapped.event_us is None:
            self._without_zone += self._is_without_zone(record.get("event_timestamp"))
        reason, detail = self._verdict(mapped, cells)
        if reason is not None or mapped.event_us is None:
            self._note(self._aside, (reason or "bad_timestamp", detail), row)
            return
        self._purchase(mapped, mapped.event_us, row)

    def _verdict(self, mapped: Mapped, cells: list[str]) -> tuple[str | None, str]:
        if self._label is not None:
            word = cells[self._label_at] if self._label_at < len(cells) else ""
            known = word in self._words or len(self._words) < MOST_WORDS
            self._words[word if known else "(others)"] += 1
            if mapped.label is None:
                self._third[word if known else "(others)"] += 1
                return "label_unknown", f"'{self._label.column}' is neither positive nor negative"
        return judge(mapped, self._validator)

    def _purchase(self, mapped: Mapped, event_us: int, row: Row) -> None:
        record = mapped.record
        if self._last_us is not None and event_us < self._last_us:
            self._note(self._odd, "backwards", row)
        self._last_us = event_us
        self._newest_us = max(event_us, self._newest_us or event_us)
        self._furthest_us = max(self._furthest_us, self._newest_us - event_us)
        self._midnight += (event_us + 60_000_000 * (record.get("utc_offset_min") or 0)) % DAY_US == 0
        self._times.append(event_us)
        self._lines.append(self._table.place(row))
        customer = record["customer_id"]
        self._customers.append(hash(customer))
        self._ids.append(hash((customer, record["transaction_id"])))
        if mapped.label is None:
            return
        if not mapped.label:
            self._labels.legitimate += 1
            return
        self._labels.fraud += 1
        if mapped.known_us is not None:
            self._labels.with_moment += 1
            self._labels.moment_before_purchase += mapped.known_us < event_us
            self._delays.append(max(0, mapped.known_us - event_us) / DAY_US)
        elif 0 <= self._known_at < len(row.cells) and row.cells[self._known_at]:
            known_at = self._label.known_at if self._label else None
            self._labels.moment_unread += known_at is not None and row.cells[self._known_at] not in known_at.empty

    def _note(self, kept: dict[K, Seen], name: K, row: Row) -> None:
        seen = kept.get(name)
        if seen is None:
            kept[name] = Seen(1, self._table.place(row))
        else:
            seen.rows += 1

    def _is_without_zone(self, text: Any) -> bool:
        if self._mapping.zone is not None or not isinstance(text, str):
            return False
        found = parse_time(text, "iso")
        return found is not None and found.tzinfo is None

    def result(self, complete: bool) -> MappingCheck:
        """Sum up."""
        kept = len(self._times)
        labels = self._labels if self._label is not None else None
        if labels is not None:
            labels.values, labels.third = dict(self._words.most_common()), dict(self._third.most_common())
            if self._delays:
                days = np.quantile(np.frombuffer(self._delays), [0.5, 0.95])
                labels.days_p50, labels.days_p95 = round(float(days[0]), 2), round(float(days[1]), 2)
        counts = np.unique(np.frombuffer(self._customers, dtype=np.int64), return_counts=True)[1]
        return MappingCheck(
            file=self._table.path.name,
            rows=self._rows,
            complete=complete,
            purchases=kept,
            set_aside=self._told_aside(),
            unit="line" if self._table.lines else "row",
            times=self._told_times(kept),
            customers=Customers(len(counts), int((counts == 1).sum()), int(counts.max()) if kept else 0),
            currencies=dict(self._currencies.most_common()),
            places=self._places.result(),
            labels=labels,
            negative=self._odd.get("negative"),
            zero=self._odd.get("zero"),
            rounded=self._odd.get("rounded"),
            ragged=self._odd.get("ragged"),
            repeated=self._repeated(),
        )

    def _told_aside(self) -> tuple[SetAside, ...]:
        told = [SetAside(reason, detail, seen.rows, seen.first) for (reason, detail), seen in self._aside.items()]
        return tuple(sorted(told, key=lambda one: (-one.rows, one.first)))

    def _told_times(self, kept: int) -> Times:
        times = Times(zone=self._mapping.file.timezone, without_zone=self._without_zone)
        times.backwards = self._odd.get("backwards")
        if not kept:
            return times
        event_us = np.frombuffer(self._times, dtype=np.int64)
        first, last = int(event_us.min()), int(event_us.max())
        times.first, times.last, times.days = format_us(first), format_us(last), round((last - first) / DAY_US, 2)
        times.furthest_back_s = self._furthest_us / 1_000_000
        times.midnight_share = self._midnight / kept
        return times

    def _repeated(self) -> Seen | None:
        ids = np.frombuffer(self._ids, dtype=np.int64)
        _, first = np.unique(ids, return_index=True)
        again = np.ones(len(ids), dtype=np.bool_)
        again[first] = False
        if not again.any():
            return None
        return Seen(int(again.sum()), self._lines[int(np.flatnonzero(again)[0])])
