"""Merchants that the labels known by now would list: the formula by which calibrations learn, on live purchases.

The window, the smoothing and the least number of frauds are those of `calibration.rules.learned_risk`, so what an
analyst publishes is what the risk bands of the rule set were fitted to. An entry ends after as long a span as it was
learned from: by then nothing of its evidence is left in the window.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from streamflow.calibration.rules.learned_risk import LOOKBACK_DAYS, worst
from streamflow.rules.blacklist import Entry
from streamflow.settings import Settings
from streamflow.warehouse.connections import Session, connect

DEFAULT_SPAN = f"{LOOKBACK_DAYS}d"
"""The window of calibrations."""

RISK_DIGITS = 6
LONGEST_NAME = 44


@dataclass(frozen=True)
class Proposal:
    """One merchant to list.

    Attributes:
        merchant_id: Who.
        risk: Smoothed share of fraud.
        purchases: Purchases in the window.
        frauds: Of them, known frauds.
        begin: Begin of the window.
        end: Its end; labels known by then count.
    """

    merchant_id: str
    risk: float
    purchases: int
    frauds: int
    begin: datetime
    end: datetime

    def entry(self, from_us: int) -> Entry:
        """Return the blacklist entry, in force from an event time on, for as long as the window is."""
        span_us = round((self.end - self.begin).total_seconds() * 1_000_000)
        reason = (
            f"{self.frauds} of {self.purchases} purchases from {self.begin:%Y-%m-%d} to {self.end:%Y-%m-%d} are "
            f"labelled fraud"
        )
        return Entry(
            entry_id=f"labels:{_short(self.merchant_id)}:{from_us // 1_000_000}",
            merchant_id=self.merchant_id,
            valid_from_us=from_us,
            valid_to_us=from_us + span_us,
            effective_from_us=from_us,
            reason=reason,
            origin="calibration",
            risk=self.risk,
        )


def _short(merchant_id: str) -> str:
    """Return a name that fits into an entry's id and is no other merchant's."""
    if len(merchant_id) <= LONGEST_NAME:
        return merchant_id
    return f"{merchant_id[: LONGEST_NAME - 13]}.{hashlib.sha256(merchant_id.encode()).hexdigest()[:12]}"


def propose(settings: Settings, begin: datetime, end: datetime) -> list[Proposal]:
    """Return the merchants to list by the labels known at the end of a window, the riskiest first.

    Args:
        settings: Where silver is.
        begin: First event time of the window.
        end: The present by the profile's clock.
    """
    with connect(settings, "silver_db", "reader") as connection:
        query = Session(connection, settings.sql_dir).execute("alerts/merchants", since=begin, now=end)
        rows = query.fetchall()
    if not rows:
        return []
    purchases, frauds = (np.array([row[at] for row in rows], dtype=np.int64) for at in (1, 2))
    listed, risks = worst(purchases.astype(np.float64), frauds.astype(np.float64), frauds)
    found = []
    for at, risk in zip(listed.tolist(), risks.tolist(), strict=True):
        merchant_id, bought, labelled = rows[at]
        found.append(Proposal(merchant_id, round(risk, RISK_DIGITS), bought, labelled, begin, end))
    return sorted(found, key=lambda one: (-one.risk, one.merchant_id))
