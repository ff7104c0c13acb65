"""Purchases of a span of time as the statistics of drift see them, from a source or from live tables alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from streamflow.calibration.drift.noise import Clusters, Ratio, ratio_of
from streamflow.datasets.table import Bools, Codes, Floats, Ints, PurchaseTable

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
MINUTE_US = 60_000_000
SHORT_GAP_S = 600
"""The usual velocity window: purchases closer than this are what a burst is made of."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday."""

HourKind = Literal["local", "utc"]
Kind = Literal["share", "log_mean", "mean"]


@dataclass(frozen=True)
class Window:
    """One entry a purchase in every array.

    Attributes:
        event_us: Event time, epoch microseconds.
        amount_minor: Minor units.
        weight: What a row stands for.
        customer: Number of who bought; every row its own where nobody knows.
        has_customers: Whether `customer` are customers, and not rows or proxies of them.
        has_date: Whether event times are dates.
        offset_min: Minutes that local time is ahead of UTC; None where the source does not say.
        product: What was bought.
        missing: By optional column, whether the row lacks it.
        shares_missing: By optional column, the share of rows that lack it, where only that is known.
        judged: Whether the row has a verdict; None where nothing was judged.
        alert: Whether it is an alert.
        fired: By rule, whether it fired.
    """

    event_us: Ints
    amount_minor: Ints
    weight: Floats
    customer: Ints
    has_customers: bool
    has_date: bool
    offset_min: Ints | None = None
    product: Codes | None = None
    missing: dict[str, Bools] = field(default_factory=dict)
    shares_missing: dict[str, float] = field(default_factory=dict)
    judged: Bools | None = None
    alert: Bools | None = None
    fired: dict[str, Bools] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.event_us)

    @property
    def hour_kind(self) -> HourKind:
        """Whether hours are local time or UTC."""
        return "utc" if self.offset_min is None else "local"

    @property
    def day(self) -> Ints:
        """Shape (rows,); number of the UTC day."""
        return self.event_us // DAY_US

    @property
    def hour(self) -> Ints:
        """Shape (rows,); hour of the day, of the kind that `hour_kind` says."""
        ahead = 0 if self.offset_min is None else self.offset_min * MINUTE_US
        return (self.event_us + ahead) // HOUR_US % 24


@dataclass(frozen=True)
class Statistic:
    """One statistic of a window.

    Attributes:
        family: Statistics of one family share their design effect and their movement from day to day.
        kind: share, log_mean (the mean of logarithms) or mean.
        ratio: Its value and noise.
    """

    family: str
    kind: Kind
    ratio: Ratio


def window_of(table: PurchaseTable, alert: Bools | None = None, fired: Mapping[str, Bools] | None = None) -> Window:
    """Return a source as a window.

    Args:
        table: Its purchases.
        alert: Shape (rows,); which are alerts of the rule set that the calibration proposes.
        fired: By rule, shape (rows,); on which it fires.

    Returns:
        Missing columns are those that the source itself names; one that it lacks altogether says nothing about live
        data and is left out.
    """
    rows = {
        "merchant_id": None if table.merchant is None else table.merchant.codes < 0,
        "card_id": None if table.card is None else table.card.codes < 0,
        "device_id": None if table.device is None else table.device.codes < 0,
        "product_id": None if table.product is None else table.product.codes < 0,
        "latitude": None if table.latitude is None else np.isnan(table.latitude),
    }
    named = {name for name, share in table.missing.items() if share < 1}
    missing = {name: mask for name, mask in rows.items() if name in named and mask is not None}
    others: dict[str, float] = {
        name: table.missing[name] for name in ("utc_offset_min", "store_id", "channel") if name in named
    }
    return Window(
        event_us=table.event_us,
        amount_minor=table.amount_minor,
        weight=table.weight,
        customer=customer_numbers(table.customer, len(table)),
        has_customers=table.customer is not None and not table.customer_is_proxy,
        has_date=table.has_date,
        offset_min=table.offset_min,
        product=table.product,
        missing=missing,
        shares_missing=others,
        judged=None if alert is None else np.ones(len(table), dtype=np.bool_),
        alert=alert,
        fired=dict(fired or {}),
    )


def customer_numbers(customer: Codes | None, rows: int) -> Ints:
    """Number customers from 0; a row without one is a customer of its own."""
    if customer is None:
        return np.arange(rows)
    return np.where(customer.codes < 0, len(customer.names) + np.arange(rows), customer.codes)


def whole_days(window: Window) -> Ints:
    """Number each row's UTC day from 0, -1 on the first and the last day, which a source may have only in part."""
    day = window.day
    first, last = int(day.min()), int(day.max())
    return np.where((day > first) & (day < last), day - first - 1, -1)


def statistics_of(
    window: Window, edges: Mapping[str, float], products: tuple[str, ...], block: Ints | None = None
) -> dict[str, Statistic]:
    """Return the statistics of a window by path below `baseline.`, those that it identifies.

    Args:
        window: Its purchases; at least one.
        edges: By name, amounts in minor units; the share up to each is a statistic.
        products: Products with a share of their own; the rest is `other`.
        block: Shape (rows,); number of the day that a row belongs to, -1 for none; whole days when not given.
    """
    clusters = Clusters.of(window.customer, whole_days(window) if block is None else block)
    weight = window.weight

    def share(family: str, chosen: Bools, rows: Bools | None = None) -> Statistic:
        return Statistic(family, "share", ratio_of(weight * chosen, weight, clusters, rows))

    amounts = window.amount_minor
    found = {
        "typical_amount.minor": Statistic(
            "typical_amount", "log_mean", ratio_of(weight * np.log(np.maximum(amounts, 1)), weight, clusters)
        )
    }
    found |= {f"amounts.up_to_{name}": share("amounts", amounts <= edge) for name, edge in edges.items()}
    if window.has_date:
        hour = window.hour
        family = f"hours_{window.hour_kind}"
        found |= {f"{family}.h{number:02d}": share(family, hour == number) for number in range(24)}
    if window.product is not None and products:
        codes, names = window.product.codes, window.product.names
        own = [names.index(name) if name in names else len(names) for name in products]
        for name, code in zip(products, own, strict=True):
            found[f"products.{name}"] = share("products", codes == code, codes >= 0)
        found["products.other"] = share("products", ~np.isin(codes, own), codes >= 0)
    found |= {f"missing.{name}": share("missing", mask) for name, mask in window.missing.items()}
    if window.has_customers:
        found |= _of_customers(window, clusters)
    if window.judged is not None:
        marked = {"all": window.alert, **window.fired} if window.alert is not None else window.fired
        found |= {
            f"alerts.{name}": share("alerts", mask, window.judged) for name, mask in marked.items() if mask is not None
        }
    return found


def _of_customers(window: Window, clusters: Clusters) -> dict[str, Statistic]:
    """Return what customers do within a day: how often they buy, and how soon again."""
    order = np.lexsort((window.event_us, window.customer))
    customer, event, day = window.customer[order], window.event_us[order], window.day[order]
    again = np.zeros(len(window), dtype=np.bool_)
    again[1:] = (customer[1:] == customer[:-1]) & (day[1:] == day[:-1])
    soon = again.copy()
    soon[1:] &= np.diff(event) <= SHORT_GAP_S * 1_000_000
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    weight = window.weight
    first = ~again[back]
    return {
        "customer_days.purchases": Statistic("customer_days", "mean", ratio_of(weight, weight * first, clusters)),
        "gaps.short": Statistic("gaps", "share", ratio_of(weight * soon[back], weight, clusters)),
    }


def weekday_statistics(window: Window) -> dict[str, Statistic]:
    """Return the shares of the weekdays, whose blocks are weeks.

    Args:
        window: Whole weeks with dates; UTC days.
    """
    day = window.day
    week = (day - day.min()) // 7
    clusters = Clusters.of(window.customer, week)
    weekday = (day + EPOCH_WEEKDAY) % 7
    weight = window.weight
    return {
        f"weekdays.{name}": Statistic("weekdays", "share", ratio_of(weight * (weekday == number), weight, clusters))
        for number, name in enumerate(WEEKDAYS)
    }
