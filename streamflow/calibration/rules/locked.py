"""Customers whom high_value keeps flagging: their mean rests on small amounts, and what is flagged raises no mean.

A customer is locked in if high_value alone makes an alert of more than half of their last LAST legitimate purchases.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from streamflow.calibration.rules.bands import Rows
from streamflow.datasets.table import Bools
from streamflow.statistics.intervals import Share, wilson

LAST = 20


@dataclass(frozen=True)
class Locked:
    """How many customers are locked in.

    Attributes:
        customers: Customers with at least LAST legitimate purchases.
        locked: Of them, locked in.
    """

    customers: int
    locked: int

    @property
    def share(self) -> Share:
        """Share of the customers, with its 95 % interval."""
        return wilson(self.locked, self.customers)

    def sentence(self) -> str:
        """Return what a reviewer must know; the empty text where nobody is locked in."""
        if not self.locked:
            return ""
        return (
            f"{self.locked:,} of {self.customers:,} customers stay flagged: it alone makes an alert of more than half "
            f"of their last {LAST} legitimate purchases"
        )


def locked_in(alone: Bools, rows: Rows) -> Locked:
    """Count the customers who are locked in.

    Args:
        alone: Rows that high_value alone makes an alert, shape (rows,).
        rows: The rows; labels are taken as they are known.
    """
    legitimate = np.flatnonzero(~rows.fraud)
    group = rows.group[legitimate]
    # By customer, then by time; a stable sort keeps the order of the table within one moment.
    order = legitimate[np.lexsort((rows.event_us[legitimate], group))]
    counts = np.bincount(group)
    ends = np.cumsum(counts)[counts >= LAST]
    flagged = np.concatenate(([0], np.cumsum(alone[order])))
    return Locked(len(ends), int((flagged[ends] - flagged[ends - LAST] > LAST / 2).sum()))
