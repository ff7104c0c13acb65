"""Weeks of a simulated shop, its baselines, single days of other such shops, and the drifts to plant in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from streamflow.calibration.drift.baselines import Compared, baseline_figures, compare
from streamflow.calibration.drift.windows import DAY_US, Window, window_of
from streamflow.calibration.world.simulated import simulated_table
from streamflow.contracts.calibrations import Figure
from streamflow.datasets.table import Bools, Codes, PurchaseTable
from streamflow.generator.parameters import load_parameters

ROOT = Path(__file__).resolve().parents[1]
SOURCE_DAYS = 31
LIVE_DAYS = 20
A_DAY = 1000
DAYS_LOOKED_AT = range(3, 19, 2)


@lru_cache(maxsize=4)
def world(seed: int, a_day: int = A_DAY, days: int = LIVE_DAYS) -> tuple[PurchaseTable, Bools]:
    """Return weeks of a shop whose customers seldom come, and on which of its purchases a rule set would alert."""
    parameters = load_parameters(ROOT / "contracts" / "generator" / "1.0.0.yaml")
    customers = parameters.customers.model_copy(update={"purchases_per_day": 0.4})
    fraud = parameters.fraud.model_copy(update={"rate": 0.015, "warm_up_share": 0.05})
    table = simulated_table(
        parameters.model_copy(update={"customers": customers, "fraud": fraud}), a_day * days, days, seed
    )
    chance = np.random.default_rng(seed).random(len(table))
    return table, (table.fraud & (chance < 0.7)) | (chance < 0.01)


@cache
def baselines(a_day: int = A_DAY) -> dict[str, Figure]:
    """Return the baselines of one world; its tail, in which hardly anybody buys, left out."""
    table, alert = world(1, a_day, SOURCE_DAYS)
    kept = table.event_us < table.event_us.min() + SOURCE_DAYS * DAY_US
    whole = rows_of(window_of(table, alert), kept)
    source = replace(
        table,
        event_us=whole.event_us,
        amount_minor=whole.amount_minor,
        weight=whole.weight,
        fraud=table.fraud[kept],
        offset_min=whole.offset_min,
        customer=_chosen(table.customer, kept),
        merchant=_chosen(table.merchant, kept),
        card=None,
        device=None,
        product=whole.product,
        latitude=None if table.latitude is None else table.latitude[kept],
        longitude=None if table.longitude is None else table.longitude[kept],
    )
    return baseline_figures(source, "data", alert=alert[kept], fired={"velocity": alert[kept] & source.fraud})


def _chosen(codes: Codes | None, rows: Bools) -> Codes:
    assert codes is not None
    return Codes(codes.codes[rows], codes.names)


def rows_of(window: Window, rows: Bools) -> Window:
    """Return some of a window's rows."""
    assert window.offset_min is not None
    assert window.judged is not None
    assert window.alert is not None
    return replace(
        window,
        event_us=window.event_us[rows],
        amount_minor=window.amount_minor[rows],
        weight=window.weight[rows],
        customer=window.customer[rows],
        offset_min=window.offset_min[rows],
        product=_chosen(window.product, rows),
        missing={name: mask[rows] for name, mask in window.missing.items()},
        judged=window.judged[rows],
        alert=window.alert[rows],
        fired={name: mask[rows] for name, mask in window.fired.items()},
    )


def days_of(seed: int, days: range, a_day: int = A_DAY) -> Iterator[Window]:
    """Yield single days of another world: the same parameters, other customers."""
    table, alert = world(seed, a_day)
    window = window_of(table, alert, {"velocity": alert & table.fraud})
    day = window.day - window.day.min()
    for number in days:
        yield rows_of(window, day == number)


def moved(figures: dict[str, Figure], window: Window) -> list[Compared]:
    """Return what lies beyond its noise; at least forty statistics must have been compared."""
    compared, _ = compare(figures, window)
    assert len(compared) >= 40
    return [one for one in compared if one.moved]


def false_alarms(seeds: Iterable[int]) -> tuple[int, int]:
    """Hold eight days of each of some worlds against the baselines; return how many days, and how many alarms."""
    windows = alarms = 0
    for seed in seeds:
        for window in days_of(seed, DAYS_LOOKED_AT):
            assert len(window) > A_DAY / 2
            windows += 1
            alarms += bool(moved(baselines(), window))
    return windows, alarms


def spoiled(name: str, window: Window) -> Window:
    """Return the window with one planned drift."""
    chance = np.random.default_rng(5).random(len(window))
    assert window.offset_min is not None
    assert window.product is not None
    assert window.alert is not None
    if name == "amounts +20 %":
        return replace(window, amount_minor=np.rint(window.amount_minor * 1.2).astype(np.int64))
    if name == "hours +3 h":
        return replace(window, offset_min=window.offset_min + 180)
    if name == "merchant gone missing":
        return replace(window, missing=window.missing | {"merchant_id": np.ones(len(window), dtype=np.bool_)})
    if name == "mix moved":
        grocery, electronics = (window.product.names.index(one) for one in ("grocery", "electronics"))
        codes = np.where((window.product.codes == grocery) & (chance < 0.4), electronics, window.product.codes)
        return replace(window, product=Codes(codes, window.product.names))
    assert name == "alerts doubled"
    return replace(window, alert=window.alert | (chance < window.alert.mean()))
