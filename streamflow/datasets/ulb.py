"""The ULB card-fraud file (`creditcard.csv`): two days of European cards, no customer, merchant, place or product.

Two columns more are known beside Kaggle's 31: `weight`, what a row stands for, and `source`, where it was taken from.
A file with weights is a re-weighted part of the whole and says so; a file without them must be the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from streamflow.contracts.calibrations import Source
from streamflow.datasets.columns import Type, Wanted, place, read_columns
from streamflow.datasets.facts import facts
from streamflow.datasets.manifest import kind_of
from streamflow.datasets.raw_file import RawFile, recognise
from streamflow.datasets.table import Floats, PurchaseTable
from streamflow.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

DATASET = "ulb"
WEIGHT, SOURCE = "weight", "source"
WEIGHT_TOLERANCE = 0.005


@dataclass(frozen=True)
class UlbFile:
    """The file as it was read.

    Attributes:
        frame: Time [s], V1..V28, Amount [EUR], Class as float64, one row a purchase in the file's order.
        source: Where it comes from.
        weights: What each row stands for, shape (rows,).
    """

    frame: pd.DataFrame
    source: Source
    weights: Floats

    def table(self) -> PurchaseTable:
        """Return the purchases; an amount of zero is a card check and no purchase, so it is set aside and counted.

        Times have no date: they count from the first purchase, so that an hour of the day is the file's own convention.
        """
        amount_minor = np.rint(self.frame["Amount"].to_numpy() * 100).astype(np.int64)
        kept = amount_minor > 0
        total = float(self.weights.sum())
        missing = {
            str(column): float(self.weights[self.frame[column].isna().to_numpy()].sum()) / total
            for column in self.frame.columns
        }
        return PurchaseTable(
            dataset=DATASET,
            source=self.source,
            event_us=np.rint(self.frame["Time"].to_numpy()[kept] * 1e6).astype(np.int64),
            amount_minor=amount_minor[kept],
            weight=self.weights[kept],
            fraud=self.frame["Class"].to_numpy()[kept] == 1,
            has_date=False,
            missing=missing,
            set_aside={"amount_zero": int((~kept).sum())} if not kept.all() else {},
        )


def load_ulb(path: Path, *, whole: bool = True) -> UlbFile:
    """Read the file.

    Args:
        path: CSV, CSV in gzip or zip as Kaggle delivers it, or Parquet.
        whole: Whether a file without weights must have every row that is published; false for a part, as for a test of
            speed, and the source then says how much of it there is.

    Raises:
        InputError: It is another file, a part of it, or has faults; one sentence with file, line or column.
    """
    published = facts(DATASET).files[0]
    known: dict[str, Type] = dict.fromkeys(published.names, "number")
    file = recognise(path, [published.name])
    frame = read_columns(
        file,
        Wanted(
            known={**known, WEIGHT: "number", SOURCE: "text"},
            required=published.names,
            read=[*published.names, WEIGHT],
            complete=frozenset({*published.names, WEIGHT}),
        ),
    )
    _check_values(file, frame)
    kind = kind_of(file.sha256, file.content_sha256)
    rows, frauds = len(frame), int((frame["Class"] == 1).sum())
    if WEIGHT in frame:
        weights = frame.pop(WEIGHT).to_numpy(dtype=np.float64, copy=True)
        detail = _weighted(file, weights, published.rows)
    else:
        weights, detail = np.ones(rows), ""
        if kind == "sample":
            detail = f"generated rows in the shape of {published.name}"
        elif (rows, frauds) == (published.rows, published.fraud):
            detail = "every row that is published"
        elif whole:
            raise _not_whole(file, rows, frauds)
        else:
            detail = f"{rows} rows in the shape of {published.name}, of which {published.rows} are published"
    return UlbFile(frame, Source(kind=kind, name=path.name, sha256=file.sha256, rows=rows, detail=detail), weights)


def _not_whole(file: RawFile, rows: int, frauds: int) -> InputError:
    published = facts(DATASET).files[0]
    if rows != published.rows:
        return InputError(
            f"{file.name} has {rows:,} of {published.rows:,} rows: download it again, or give rows of a part a column "
            f"'{WEIGHT}' that says what each stands for."
        )
    return InputError(f"{file.name} has {frauds:,} rows of Class 1, and {published.fraud} are published: another file.")


def _weighted(file: RawFile, weights: Floats, published: int) -> str:
    total = float(weights.sum())
    if abs(total - published) > WEIGHT_TOLERANCE * published:
        raise InputError(f"{file.name}: the column '{WEIGHT}' sums to {total:,.0f}, and it must sum to {published:,}.")
    return f"a part whose weights re-weight it to {published:,} rows"


def _check_values(file: RawFile, frame: pd.DataFrame) -> None:
    rules = [
        ("Class", frame["Class"].isin((0.0, 1.0)), "must be 0 or 1"),
        ("Amount", (frame["Amount"] >= 0) & np.isfinite(frame["Amount"]), "must be 0 or more"),
        ("Time", (frame["Time"] >= 0) & np.isfinite(frame["Time"]), "must be 0 or more"),
    ]
    if WEIGHT in frame:
        rules.append((WEIGHT, (frame[WEIGHT] > 0) & np.isfinite(frame[WEIGHT]), "must be more than 0"))
    for column, good, rule in rules:
        if not good.all():
            row = int((~good).to_numpy().argmax())
            raise InputError(f"{place(file, row)}: the column '{column}' {rule}, not {frame[column].iloc[row]:g}.")
