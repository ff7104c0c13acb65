"""The blacklist that labels would have proposed, day by day: a merchant's smoothed share of fraud as it was known then.

At the start of each day D of event time a merchant is listed with the risk

    (frauds + STRENGTH * base) / (purchases + STRENGTH)

over its purchases of the LOOKBACK days before D, where a fraud counts only if its label was known by D. `base` is the
same share over all merchants; a merchant with fewer than MIN_FRAUDS frauds, or with a risk below LEAST_RATIO times
`base`, is not listed. Nothing that was not known at an event time decides about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from streamflow.datasets.table import Floats, Ints, PurchaseTable

DAY_US = 86_400_000_000
LOOKBACK_DAYS = 28
STRENGTH = 20.0
MIN_FRAUDS = 2
LEAST_RATIO = 3.0
NOTHING = -1


@dataclass(frozen=True)
class DayList:
    """Who is listed on one day.

    Attributes:
        day_us: Start of the day, epoch microseconds.
        merchants: Codes of the listed merchants, ascending.
        risks: Their smoothed shares of fraud.
    """

    day_us: int
    merchants: Ints
    risks: Floats


def daily_lists(table: PurchaseTable) -> Iterator[DayList]:
    """Yield the list of each day of a table that has merchants and dates of labels, oldest first."""
    if table.merchant is None or table.known_us is None or not len(table):
        return
    order = np.argsort(table.event_us, kind="stable")
    times, merchants, weights = table.event_us[order], table.merchant.codes[order], table.weight[order]
    frauds = np.flatnonzero(table.fraud & (table.merchant.codes >= 0))
    fraud_us, known_us, culprits = table.event_us[frauds], table.known_us[frauds], table.merchant.codes[frauds]
    count = len(table.merchant.names)
    first, last = int(times[0]) // DAY_US, int(times[-1]) // DAY_US
    for day_us in range(first * DAY_US, (last + 1) * DAY_US, DAY_US):
        since_us = day_us - LOOKBACK_DAYS * DAY_US
        seen = (fraud_us >= since_us) & (fraud_us < day_us) & (known_us <= day_us)
        counted = np.bincount(culprits[seen], minlength=count)
        if counted.max(initial=0) < MIN_FRAUDS:
            continue
        window = slice(np.searchsorted(times, since_us), np.searchsorted(times, day_us))
        sold = merchants[window] >= 0
        purchases = np.bincount(merchants[window][sold], weights[window][sold], count)
        mass = np.bincount(culprits[seen], table.weight[frauds][seen], count)
        listed, risks = worst(purchases.astype(np.float64), mass.astype(np.float64), counted)
        if len(listed):
            yield DayList(day_us, listed, risks)


def worst(purchases: Floats, mass: Floats, counted: Ints) -> tuple[Ints, Floats]:
    """Return the merchants to list and their risks, by the formula of this module.

    Args:
        purchases: Purchases of each merchant in the window, shape (merchants,); rows that carry weights by weight.
        mass: Known frauds of each, by weight.
        counted: Known frauds of each, as rows.

    Returns:
        Places of the listed merchants, ascending, and their smoothed shares of fraud.
    """
    base = mass.sum() / purchases.sum()
    risks = (mass + STRENGTH * base) / (purchases + STRENGTH)
    listed = np.flatnonzero((counted >= MIN_FRAUDS) & (risks >= LEAST_RATIO * base))
    return listed, risks[listed]


def risk_shares(table: PurchaseTable) -> Floats | None:
    """Return each row's risk under the list of its day.

    Returns:
        Shape (rows,), NaN where the merchant is not listed; None when the table has no merchants or no dates of labels.
    """
    if table.merchant is None or table.known_us is None:
        return None
    result = np.full(len(table), np.nan)
    order = np.argsort(table.event_us, kind="stable")
    times = table.event_us[order]
    for day in daily_lists(table):
        rows = order[np.searchsorted(times, day.day_us) : np.searchsorted(times, day.day_us + DAY_US)]
        sold = table.merchant.codes[rows]
        place = np.searchsorted(day.merchants, sold).clip(0, len(day.merchants) - 1)
        hit = day.merchants[place] == sold
        result[rows[hit]] = day.risks[place[hit]]
    return result


def learned_risk(table: PurchaseTable, digits: int) -> Ints | None:
    """Return what `risk_shares` does as integers of 1 / 10^digits, NOTHING where the merchant is not listed.

    Args:
        table: Purchases.
        digits: Of the rule's measure.
    """
    shares = risk_shares(table)
    if shares is None:
        return None
    listed = ~np.isnan(shares)
    result = np.full(len(table), NOTHING, dtype=np.int64)
    result[listed] = np.floor(shares[listed] * 10**digits + 0.5).astype(np.int64)
    return result
