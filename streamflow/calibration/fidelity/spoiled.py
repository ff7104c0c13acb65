"""Four ways to spoil a run, each of which a gate must catch: a gate that was never seen to fail proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from streamflow.calibration.world.evidence import DAY_US
from streamflow.datasets.table import Codes, PurchaseTable

Spoil = Callable[[PurchaseTable, np.random.Generator], PurchaseTable]


def dearer(table: PurchaseTable, rng: np.random.Generator) -> PurchaseTable:
    """Let everything cost a fifth more."""
    del rng
    return replace(table, amount_minor=np.rint(table.amount_minor * 1.2).astype(np.int64))


def shuffled_hours(table: PurchaseTable, rng: np.random.Generator) -> PurchaseTable:
    """Deal the hours of the day among the purchases: the whole keeps its hours, no customer does."""
    day = table.event_us // DAY_US
    return replace(table, event_us=day * DAY_US + rng.permutation(table.event_us % DAY_US))


def one_customer_a_row(table: PurchaseTable, rng: np.random.Generator) -> PurchaseTable:
    """Give each purchase a customer of its own, as generators of rows do."""
    del rng
    rows = len(table)
    return replace(table, customer=Codes(np.arange(rows), tuple(f"c-{row:010d}" for row in range(rows))))


def shuffled_labels(table: PurchaseTable, rng: np.random.Generator) -> PurchaseTable:
    """Deal the labels among the purchases: as much fraud as before, but it follows nothing."""
    return replace(table, fraud=rng.permutation(table.fraud))


SPOILS: dict[str, tuple[Spoil, tuple[str, ...]]] = {
    "amounts + 20 %": (dearer, ("amounts.wasserstein", "amounts.kolmogorov_smirnov")),
    "hours shuffled": (shuffled_hours, ("inter_event_times", "hour_regularity")),
    "one customer a row": (one_customer_a_row, ("inter_event_times", "card_reuse", "hour_regularity")),
    "labels shuffled": (shuffled_labels, ("fraud_rate.local_hours", "fraud_rate.tenths")),
}
"""By name, what spoils a run and the gates that must fail; others may."""
