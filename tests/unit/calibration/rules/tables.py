"""Tables of purchases in the few words that a test needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from streamflow.calibration.rules.bands import Rows
from streamflow.calibration.rules.simulation import simulated_rows
from streamflow.calibration.world.simulated import simulated_table
from streamflow.contracts.calibrations import Source
from streamflow.contracts.rule_sets import CHECKOUT
from streamflow.datasets.table import Bools, Codes, Floats, Ints, PurchaseTable
from streamflow.generator.parameters import Parameters, load_parameters

DAY_US = 86_400_000_000
START_US = 1_750_000_000_000_000 // DAY_US * DAY_US


def world() -> Parameters:
    """Return the assumed parameters, whatever has been released since."""
    return load_parameters(Path(CHECKOUT / "generator" / "1.0.0.yaml"))


def shop(purchases: int, seed: int = 5, fraud: float = 0.03) -> PurchaseTable:
    """Return a simulated shop of thirty days with labels that become known."""
    return simulated_rows(world(), purchases, fraud, seed)


def raw_shop(purchases: int, seed: int = 5) -> PurchaseTable:
    """Return a simulated shop without dates of labels."""
    return simulated_table(world(), purchases, 20, seed)


def rows(fraud: Bools, weight: Floats | None = None, group: Ints | None = None, amount: Ints | None = None) -> Rows:
    """Return rows a minute apart; each its own customer unless told."""
    count = len(fraud)
    return Rows(
        fraud,
        np.ones(count) if weight is None else weight,
        np.arange(count) if group is None else group,
        START_US + np.arange(count) * 60_000_000,
        np.full(count, 1000) if amount is None else amount,
    )


def table(
    times_us: list[int], fraud: list[bool], merchants: list[str | None], known_days: float = 1.0
) -> PurchaseTable:
    """Return purchases of one customer each, from real rows as far as anybody can tell."""
    event = np.array(times_us, dtype=np.int64)
    return PurchaseTable(
        dataset="own",
        source=Source(kind="file", name="shop.csv", sha256="0" * 64, rows=len(event)),
        event_us=event,
        amount_minor=np.full(len(event), 1000, dtype=np.int64),
        weight=np.ones(len(event)),
        fraud=np.array(fraud, dtype=np.bool_),
        known_us=event + int(known_days * DAY_US),
        customer=Codes.of([f"c-{at}" for at in range(len(event))]),
        merchant=Codes.of(merchants),
    )
