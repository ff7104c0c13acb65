"""What fidelity compares of a table: amounts, categories, and the behaviour of customers."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from streamflow.calibration.world.behaviour import shared_widely
from streamflow.calibration.world.evidence import DAY_US, Prepared
from streamflow.calibration.world.products import as_classes
from streamflow.calibration.world.rhythm import BURST_S, weekday_of
from streamflow.datasets.table import Bools, Codes, Floats, Ints
from streamflow.generator.parameters import ProductClass
from streamflow.statistics.distances import Sample
from streamflow.statistics.sequences import Sequences, regularity

LEAST_HISTORY = 5
LONGEST_BURST = 10
LEAST_FRAUDS = 100
NO_CUSTOMER = "no customer column"


class Observed(NamedTuple):
    """Observations and whose they are.

    Attributes:
        values: Shape (observations,).
        weights: Shape (observations,).
        owners: Shape (observations,); number of the customer, from 0.
    """

    values: Floats
    weights: Floats
    owners: Ints


def masses(observed: Observed, kinds: int, chosen: Bools | None = None) -> Floats:
    """Return the mass of each kind, of some of the observations where they are named."""
    codes, weights = observed.values.astype(np.int64), observed.weights
    if chosen is not None:
        codes, weights = codes[chosen], weights[chosen]
    return np.bincount(codes, weights, kinds).astype(np.float64)


def amounts_of(rows: Prepared) -> Sample:
    """Return all amounts, minor units."""
    return Sample(rows.table.amount_minor.astype(np.float64), rows.table.weight)


def log_amounts_of(rows: Prepared) -> Sample:
    """Return logarithms of all amounts."""
    return Sample(np.log(np.maximum(rows.table.amount_minor, 1)), rows.table.weight)


def _owners(rows: Prepared) -> Ints:
    return np.arange(len(rows.table)) if rows.groups is None else rows.groups


def _hours(rows: Prepared) -> Observed | str:
    return Observed(rows.hour.astype(np.float64), rows.table.weight, _owners(rows))


def _weekdays(rows: Prepared) -> Observed | str:
    if not rows.table.has_date:
        return "no dates"
    if rows.traffic.days < 7:
        return "fewer than seven days"
    weekday = weekday_of(rows.table.event_us // DAY_US)
    return Observed(weekday.astype(np.float64), rows.table.weight, _owners(rows))


def _products(rows: Prepared) -> Observed | str:
    if rows.table.product is None:
        return "no product column"
    code = class_codes(rows)
    known = code >= 0
    return Observed(code[known].astype(np.float64), rows.table.weight[known], _owners(rows)[known])


def class_codes(rows: Prepared) -> Ints:
    """Return each row's product class as its place among all classes, -1 where it has none."""
    from streamflow.calibration.world.products import CLASSES

    product = rows.table.product
    assert product is not None  # noqa: S101 - callers look
    named = as_classes(product, rows.table.weight)
    places: list[ProductClass] = list(CLASSES)
    place = np.array([*(places.index(name) for name in CLASSES if name in named.names), -1], dtype=np.int64)
    return place[named.codes]


def _gaps(rows: Prepared) -> Observed | str:
    habits = rows.habits
    if habits is None:
        return NO_CUSTOMER
    if not len(habits.gaps_s):
        return "no customer buys twice"
    return Observed(np.log10(1 + habits.gaps_s), np.ones(len(habits.gaps_s)), habits.gap_group)


def _bursts(rows: Prepared) -> Observed | str:
    habits = rows.habits
    if habits is None:
        return NO_CUSTOMER
    lengths, owners = habits.bursts(BURST_S)
    # By purchase, not by burst: how long is the burst that a purchase is in.
    return Observed(np.minimum(lengths, LONGEST_BURST).astype(np.float64), lengths.astype(np.float64), owners)


def _counts(rows: Prepared) -> Observed | str:
    habits = rows.habits
    if habits is None:
        return NO_CUSTOMER
    return Observed(np.log(habits.counts), np.ones(len(habits.counts)), habits.members)


def _reuse(habits: Sequences | None, items: Codes | None, name: str) -> Observed | str:
    if items is None:
        return f"no {name} column"
    if habits is None:
        return NO_CUSTOMER
    if name != "merchant" and shared_widely(habits, items):
        return f"most purchases have a {name} that many customers share"
    code = items.codes[habits.order]
    known = code >= 0
    width = max(1, len(items.names))
    cells, times = np.unique(habits.group[known] * width + code[known], return_counts=True)
    return Observed(np.log(times), np.ones(len(times)), cells // width)


def _cards(rows: Prepared) -> Observed | str:
    return _reuse(rows.habits, rows.table.card, "card")


def _devices(rows: Prepared) -> Observed | str:
    return _reuse(rows.habits, rows.table.device, "device")


def _merchants(rows: Prepared) -> Observed | str:
    return _reuse(rows.habits, rows.table.merchant, "merchant")


def _regularity(rows: Prepared) -> Observed | str:
    habits = rows.habits
    if habits is None:
        return NO_CUSTOMER
    strengths, owners = regularity(habits, rows.minute, LEAST_HISTORY)
    if not len(strengths):
        return f"no customer has {LEAST_HISTORY} purchases"
    return Observed(strengths, np.ones(len(strengths)), owners)


def _spending(rows: Prepared) -> Observed | str:
    habits = rows.habits
    if habits is None:
        return NO_CUSTOMER
    enough = habits.counts >= LEAST_HISTORY
    if not enough.any():
        return f"no customer has {LEAST_HISTORY} purchases"
    log = np.log(np.maximum(rows.table.amount_minor[habits.order], 1))
    means = np.add.reduceat(log, np.flatnonzero(habits.first)) / habits.counts
    return Observed(means[enough], np.ones(int(enough.sum())), habits.members[enough])


def _fraud_amounts(rows: Prepared) -> Observed | str:
    fraud = rows.table.fraud
    if fraud.sum() < LEAST_FRAUDS:
        return f"fewer than {LEAST_FRAUDS} frauds"
    log = np.log(np.maximum(rows.table.amount_minor[fraud], 1))
    return Observed(log, rows.table.weight[fraud], _owners(rows)[fraud])


Gate = tuple[str, str, Callable[[Prepared], Observed | str]]

CATEGORIES: tuple[Gate, ...] = (
    ("hours", "total variation of the hours of the day", _hours),
    ("weekdays", "total variation of the weekdays", _weekdays),
    ("products", "total variation of the product classes", _products),
)

BEHAVIOURS: tuple[Gate, ...] = (
    ("inter_event_times", "log seconds between a customer's purchases", _gaps),
    ("burst_length", "purchases in the burst that a purchase is in, ten minutes apart at most", _bursts),
    ("card_reuse", "log purchases with a card", _cards),
    ("device_reuse", "log purchases with a device", _devices),
    ("merchant_reuse", "log purchases of a customer at a merchant", _merchants),
    ("hour_regularity", "how closely a customer's hours lie together", _regularity),
    ("purchases_a_customer", "log purchases of a customer", _counts),
    ("spending_a_customer", "mean log amount of a customer", _spending),
    ("fraud_amounts", "log amounts of fraud", _fraud_amounts),
)
