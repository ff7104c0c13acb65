"""The IEEE-CIS files (`train_transaction.csv`, `train_identity.csv`): half a year of online payments, no customer id.

A customer is put together from what identifies a card (`card1` to `card6` and the billing region `addr1`): close to a
person, and neither the same person always nor one person only. The 339 V columns are not read: nobody says what they
mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from streamflow.contracts.calibrations import Source
from streamflow.datasets.columns import Type, Wanted, place, read_columns
from streamflow.datasets.facts import FileFacts, facts
from streamflow.datasets.manifest import kind_of
from streamflow.datasets.raw_file import RawFile, recognise, zip_names
from streamflow.datasets.table import Codes, Ints, PurchaseTable
from streamflow.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

DATASET = "ieee_cis"
KEY = "TransactionID"
CARD = ("card1", "card2", "card3", "card4", "card5", "card6")
PROXY = (*CARD, "addr1")
REQUIRED = (KEY, "isFraud", "TransactionDT", "TransactionAmt", "ProductCD", *PROXY)
IDENTITY_READ = (KEY, "DeviceType", "DeviceInfo")
_TEXTS = frozenset(
    {"ProductCD", "card4", "card6", "P_emaildomain", "R_emaildomain", "DeviceType", "DeviceInfo"}
    | {f"M{n}" for n in range(1, 10)}
    | {f"id_{n}" for n in (12, 15, 16, 23, 27, 28, 29, 30, 31, 33, 34, 35, 36, 37, 38)}
)


@dataclass(frozen=True)
class IeeeCisFile:
    """The files as they were read and joined.

    Attributes:
        frame: One row a payment in the file's order: every column but V1..V339 that the file has, and DeviceType and
            DeviceInfo where the identity file has the payment.
        source: Where it comes from.
        has_identity: Whether the identity file was there.
    """

    frame: pd.DataFrame
    source: Source
    has_identity: bool

    def table(self) -> PurchaseTable:
        """Return the purchases.

        The reference moment of the times is not published: they have no date, and an hour of the day is the file's own
        convention. Amounts are rounded to cents; those of product C were converted from other currencies.
        """
        frame = self.frame
        amount_minor = np.rint(frame["TransactionAmt"].to_numpy() * 100).astype(np.int64)
        kept = amount_minor > 0
        rows = frame if kept.all() else frame[kept]
        return PurchaseTable(
            dataset=DATASET,
            source=self.source,
            event_us=np.rint(rows["TransactionDT"].to_numpy() * 1e6).astype(np.int64),
            amount_minor=amount_minor[kept],
            weight=np.ones(len(rows)),
            fraud=rows["isFraud"].to_numpy() == 1,
            has_date=False,
            customer=_joined(rows, PROXY),
            customer_is_proxy=True,
            card=_joined(rows, CARD),
            device=_codes(rows["DeviceInfo"]) if self.has_identity else None,
            product=_codes(rows["ProductCD"]),
            missing={str(column): float(share) for column, share in frame.isna().mean().items()},
            set_aside={"amount_zero": int((~kept).sum())} if not kept.all() else {},
        )


def load_ieee_cis(path: Path, identity: Path | None = None, *, whole: bool = True) -> IeeeCisFile:
    """Read the files.

    Args:
        path: train_transaction: CSV, CSV in gzip or zip (the competition's whole archive as well), or Parquet.
        identity: train_identity; when not given, the file beside `path` whose name has `identity` in place of
            `transaction`, or the one in the same archive, if there is one.
        whole: Whether the file must have every row that is published; false for a part, as for a test of speed, and
            the source then says how much of it there is.

    Raises:
        InputError: It is another file, a part of it, or has faults; one sentence with file, line or column.
    """
    transactions, identities = facts(DATASET).files
    file = recognise(path, [transactions.name])
    frame = read_columns(file, _wanted(transactions, REQUIRED, [n for n in transactions.names if not _is_v(n)]))
    _check_values(file, frame)
    kind = kind_of(file.sha256, file.content_sha256)
    detail = _rows_detail(file, frame, transactions, is_sample=kind == "sample", whole=whole)
    second = identity or _identity_beside(file, identities.name)
    if second is not None:
        beside = recognise(second, [identities.name])
        frame = _with_identity(frame, beside, identities)
        detail += f"; {beside.name} with sha256 {beside.sha256}"
        if kind_of(beside.sha256, beside.content_sha256) == "sample":
            # Real rows that borrow generated devices would measure nothing.
            kind = "sample"
    source = Source(kind=kind, name=path.name, sha256=file.sha256, rows=len(frame), detail=detail)
    return IeeeCisFile(frame, source, second is not None)


def _is_v(name: str) -> bool:
    return name.startswith("V") and name[1:].isdigit()


def _wanted(published: FileFacts, required: Sequence[str], read: Sequence[str]) -> Wanted:
    known: dict[str, Type] = {name: "text" if name in _TEXTS else "number" for name in published.names}
    complete = {KEY, "isFraud", "TransactionDT", "TransactionAmt", "ProductCD"} & set(published.names)
    return Wanted(known, required, read, frozenset(complete))


def _identity_beside(file: RawFile, name: str) -> Path | None:
    if file.packed == "zip" and name in {Path(one).name for one in zip_names(file.path)}:
        return file.path
    if "transaction" not in file.path.name:
        return None
    beside = file.path.with_name(file.path.name.replace("transaction", "identity"))
    return beside if beside.is_file() else None


def _with_identity(frame: pd.DataFrame, file: RawFile, published: FileFacts) -> pd.DataFrame:
    identity = read_columns(file, _wanted(published, IDENTITY_READ, list(IDENTITY_READ)))
    repeated = identity[KEY].duplicated()
    if repeated.any():
        row = int(repeated.to_numpy().argmax())
        raise InputError(f"{place(file, row)}: the {KEY} {identity[KEY].iloc[row]:.0f} stands there twice.")
    if not identity[KEY].isin(frame[KEY]).any():
        raise InputError(f"{file.name} shares no {KEY} with the transactions: it belongs to another file.")
    return frame.merge(identity, on=KEY, how="left")


def _rows_detail(file: RawFile, frame: pd.DataFrame, published: FileFacts, *, is_sample: bool, whole: bool) -> str:
    rows, frauds = len(frame), int((frame["isFraud"] == 1).sum())
    if is_sample:
        return f"generated rows in the shape of {published.name}"
    lacking = [name for name in published.names if name not in file.columns]
    if whole and lacking:
        raise InputError(
            f"{file.name} has {len(file.columns)} of {len(published.names)} columns; '{lacking[0]}' is the first that "
            f"is missing: download it again."
        )
    if (rows, frauds) == (published.rows, published.fraud):
        return "every row that is published"
    if not whole:
        return f"{rows} rows in the shape of {published.name}, of which {published.rows} are published"
    if rows != published.rows:
        raise InputError(f"{file.name} has {rows:,} of {published.rows:,} rows: download it again.")
    raise InputError(f"{file.name} has {frauds:,} rows of isFraud 1, and {published.fraud:,} are published.")


def _check_values(file: RawFile, frame: pd.DataFrame) -> None:
    rules = [
        ("isFraud", frame["isFraud"].isin((0.0, 1.0)), "must be 0 or 1"),
        ("TransactionAmt", (frame["TransactionAmt"] >= 0) & np.isfinite(frame["TransactionAmt"]), "must be 0 or more"),
        ("TransactionDT", (frame["TransactionDT"] >= 0) & np.isfinite(frame["TransactionDT"]), "must be 0 or more"),
        (KEY, ~frame[KEY].duplicated(), "stands there twice"),
    ]
    for column, good, rule in rules:
        if not good.all():
            row = int((~good).to_numpy().argmax())
            value = frame[column].iloc[row]
            raise InputError(f"{place(file, row)}: the column '{column}' {rule}: {value:.12g}.")


def _codes(column: pd.Series[str]) -> Codes:
    """Number the names of a column of categories; Codes.of does the same, a row at a time."""
    categories = [str(name) for name in column.cat.categories]
    order = np.argsort(np.array(categories, dtype=object)) if categories else np.empty(0, dtype=np.int64)
    rank = np.empty(len(categories) + 1, dtype=np.int64)
    rank[order] = np.arange(len(categories))
    rank[-1] = -1
    return Codes(rank[column.cat.codes.to_numpy()], tuple(categories[index] for index in order.tolist()))


def _joined(frame: pd.DataFrame, columns: Sequence[str]) -> Codes:
    """Number the distinct combinations of several columns; a column without a value counts as a value of its own."""
    combined: Ints = np.zeros(len(frame), dtype=np.int64)
    for name in columns:
        codes = _numbers(frame[name])
        combined = np.unique(combined * (int(codes.max(initial=-1)) + 2) + codes + 1, return_inverse=True)[1]
    _, first = np.unique(combined, return_index=True)
    texts = [
        "|".join(_cell(value) for value in values)
        for values in frame[list(columns)].iloc[first].itertuples(index=False)
    ]
    order = np.argsort(np.array(texts, dtype=object), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return Codes(rank[combined], tuple(texts[index] for index in order.tolist()))


def _numbers(column: pd.Series[float]) -> Ints:
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy().astype(np.int64)
    return np.asarray(pd.factorize(column, sort=True)[0], dtype=np.int64)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:g}" if abs(value) < 1e5 else f"{value:.0f}"
    return str(value)
