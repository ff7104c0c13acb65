"""Public data sets of fraud whose times count from a beginning; their columns say which one, nothing else is taken."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """A data set.

    Attributes:
        name: As it is known.
        columns: By which it is known.
        time: Origin and unit of its numbers of time.
    """

    name: str
    columns: frozenset[str]
    time: tuple[str, str]


LAYOUTS = (
    Layout("PaySim", frozenset({"step", "nameOrig", "nameDest", "isFraud"}), ("2020-01-01", "h")),
    Layout("BankSim", frozenset({"step", "customer", "zipcodeOri", "merchant", "fraud"}), ("2020-01-01", "d")),
    Layout("IEEE-CIS", frozenset({"TransactionID", "TransactionDT", "TransactionAmt", "isFraud"}), ("2017-12-01", "s")),
    Layout("the ULB credit card set", frozenset({"Time", "V1", "V28", "Amount", "Class"}), ("2013-09-01", "s")),
)


def layout_of(columns: Collection[str]) -> Layout | None:
    """Return the data set that has these columns, among others; None when none does."""
    return next((one for one in LAYOUTS if one.columns <= set(columns)), None)
