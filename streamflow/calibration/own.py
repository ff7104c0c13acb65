"""A user's own labelled file as purchases in columns, judged by the contract that the stream judges by."""

from __future__ import annotations

import hashlib
import math
from array import array
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from streamflow.contracts import Validator
from streamflow.contracts.calibrations import Source
from streamflow.datasets.table import Codes, PurchaseTable
from streamflow.errors import InputError
from streamflow.generator.cells import open_table
from streamflow.generator.mapping import Mapped, Mapping
from streamflow.generator.mapping_check import judge

HASH_CHUNK = 1 << 20
PROGRESS_EVERY = 10_000
OPTIONAL = ("utc_offset_min", "store_id", "product_id", "merchant_id", "card_id", "device_id", "channel", "latitude")


def file_sha256(path: Path) -> str:
    """Return the hash of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(HASH_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


class _Columns:
    """Columns that grow by a row at a time; names are kept once."""

    def __init__(self) -> None:
        self.times, self.known, self.amounts, self.offsets = array("q"), array("q"), array("q"), array("q")
        self.latitudes, self.longitudes = array("d"), array("d")
        self.fraud = bytearray()
        self.names: dict[str, list[str | None]] = {
            name: [] for name in ("customer_id", "merchant_id", "card_id", "device_id", "product_id")
        }
        self.given: Counter[str] = Counter()
        self._known: dict[str, str] = {}

    def add(self, mapped: Mapped, event_us: int, known_us: int) -> None:
        get = mapped.record.get
        self.times.append(event_us)
        self.known.append(known_us)
        self.amounts.append(mapped.record["amount_minor"])
        self.offsets.append(get("utc_offset_min") or 0)
        latitude, longitude = get("latitude"), get("longitude")
        if latitude is None or longitude is None:
            latitude = longitude = math.nan
        self.latitudes.append(latitude)
        self.longitudes.append(longitude)
        self.fraud.append(bool(mapped.label))
        for name, column in self.names.items():
            value = get(name)
            column.append(None if value is None else self._known.setdefault(value, value))
        for name in OPTIONAL:
            self.given[name] += get(name) is not None

    def codes(self, name: str) -> Codes | None:
        """Return a column of names; None when no row has one."""
        column = self.names[name]
        return Codes.of(column) if any(column) else None


def own_table(
    path: Path,
    mapping: Mapping,
    validator: Validator,
    *,
    kind_of: Callable[[Path], str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> PurchaseTable:
    """Read a labelled file.

    Args:
        path: CSV, compressed or not, or Parquet.
        mapping: What its columns mean; it must name a label.
        validator: Rows that the platform would set aside are set aside here too, by its reasons.
        kind_of: From a file to `sample` for one that holds generated rows; every file is `file` without.
        progress: Called now and then with the number of rows read.

    Returns:
        Its purchases in the file's order. A label is known when the mapping's `known_at` says, else `delay_days` later.

    Raises:
        InputError: The mapping names no label or no column of the file, or no row is left, or none of them is fraud.
    """
    if mapping.file.label is None:
        raise InputError(f"{mapping.path} names no label: a calibration needs 'label' with column and positive values.")
    table = open_table(path, mapping.file.delimiter, mapping.file.encoding)
    read = mapping.reader(table.columns, path)
    columns, aside = _Columns(), Counter[str]()
    count = 0
    for row in table:
        count = row.number
        if progress is not None and count % PROGRESS_EVERY == 0:
            progress(count)
        mapped = read(row, row.number)
        reason = _judge(mapped, validator)
        if reason is None and mapped.event_us is not None:
            columns.add(mapped, mapped.event_us, mapping.known_us(mapped, mapped.event_us))
        else:
            aside[reason or "bad_timestamp"] += 1
    if not columns.times:
        told = ", ".join(f"{number} {reason}" for reason, number in aside.most_common()) or "the file holds none"
        raise InputError(f"{path} has no row that is a purchase under {mapping.path} ({told}).")
    if not any(columns.fraud):
        positive = ", ".join(mapping.file.label.positive)
        raise InputError(
            f"{path} has no fraud: no row's '{mapping.file.label.column}' is one of {positive}, as {mapping.path} says."
        )
    sha256 = file_sha256(path)
    kind = "file" if kind_of is None else kind_of(path)
    detail = f"mapping {mapping.path.name} {file_sha256(mapping.path)[:12]}; {len(columns.times)} rows are purchases"
    source = Source(
        kind="sample" if kind == "sample" else "file", name=path.name, sha256=sha256, rows=count, detail=detail
    )
    return _assembled(source, columns, aside)


def _judge(mapped: Mapped, validator: Validator) -> str | None:
    """Return why the platform would set the row aside, or None."""
    return "label_unknown" if mapped.label is None else judge(mapped, validator)[0]


def _assembled(source: Source, columns: _Columns, aside: Counter[str]) -> PurchaseTable:
    kept = len(columns.times)
    event_us = np.frombuffer(columns.times, dtype=np.int64).copy()
    latitude, longitude = np.frombuffer(columns.latitudes), np.frombuffer(columns.longitudes)
    placed = bool(np.isfinite(latitude).any())
    return PurchaseTable(
        dataset="own",
        source=source,
        event_us=event_us,
        amount_minor=np.frombuffer(columns.amounts, dtype=np.int64).copy(),
        weight=np.ones(kept),
        fraud=np.frombuffer(columns.fraud, dtype=np.bool_).copy(),
        known_us=np.frombuffer(columns.known, dtype=np.int64).copy(),
        offset_min=np.frombuffer(columns.offsets, dtype=np.int64).copy() if columns.given["utc_offset_min"] else None,
        customer=columns.codes("customer_id"),
        merchant=columns.codes("merchant_id"),
        card=columns.codes("card_id"),
        device=columns.codes("device_id"),
        product=columns.codes("product_id"),
        latitude=latitude.copy() if placed else None,
        longitude=longitude.copy() if placed else None,
        missing={name: 1 - columns.given[name] / kept for name in OPTIONAL},
        set_aside=dict(sorted(aside.items())),
    )
