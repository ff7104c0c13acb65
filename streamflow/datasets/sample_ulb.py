"""A generated file in the shape of `creditcard.csv`, drawn from its published figures alone.

Amounts and times by class meet the published quantiles and means, and the shares of frauds and of duplicates are those
that are published. V1..V28 are noise, six of them shifted for frauds so that a plot of them has something to show.
"""

from __future__ import annotations

import numpy as np

from streamflow.datasets.facts import facts
from streamflow.datasets.sample_draws import csv_text, draw, seconds_of_days, through_quantiles
from streamflow.datasets.table import Bools, Floats

ROWS = 20_000
SEED = 284_807
# Chosen: the published figures say when a quarter of the rows has passed, not at which hours.
HOURS = (
    2.1, 1.3, 1.0, 1.0, 0.7, 0.9, 1.3, 2.2, 3.1, 4.8, 5.0, 5.1,
    4.9, 4.8, 5.0, 5.0, 5.0, 4.9, 5.1, 4.8, 4.9, 5.2, 4.5, 3.3,
)  # fmt: skip
SHIFTED = {"V4": 3.0, "V10": -3.0, "V11": 2.5, "V12": -3.5, "V14": -4.0, "V17": -3.0}
ZERO_SHARE = {False: 0.0064, True: 0.05}
ONE_EURO_SHARE = 0.25
"""Card checks of nothing at all, and of one euro among frauds: the first published quartile of frauds is 1.00."""

PRICE_POINTS = {100: 0.045, 198: 0.02, 89: 0.016, 999: 0.016, 1500: 0.011, 76: 0.01}
"""Chosen: amounts in cents that the nearest amounts of legitimate purchases become, by the share of them that do."""


def ulb_sample() -> bytes:
    """Return the sample as CSV."""
    published = facts("ulb")
    rng = np.random.default_rng(SEED)
    whole = published.files[0]
    repeated = round(ROWS * (whole.duplicates or 0) / whole.rows)
    size = ROWS - repeated
    fraud = np.zeros(size, dtype=np.bool_)
    fraud[rng.choice(size, round(size * published.figures["fraud.rate"].value), replace=False)] = True
    time_s = np.where(fraud, _fraud_times(rng.random(size)), _times(rng.random(size)))
    amount = np.where(fraud, _amounts(rng.random(size), True), _amounts(rng.random(size), False))
    columns = {"Time": np.floor(time_s), **_features(rng, fraud), "Amount": amount}
    # The same row again, next to the first.
    order = np.sort(np.concatenate([np.arange(size), rng.choice(size, repeated, replace=False)]))
    order = order[np.argsort(columns["Time"][order], kind="stable")]
    text = {"Time": [f"{value:.0f}" for value in columns["Time"][order].tolist()]}
    text |= {name: [f"{value:.2f}" for value in columns[name][order].tolist()] for name in list(columns)[1:]}
    return csv_text({**text, "Class": fraud[order].astype(int).tolist()})


def _times(u: Floats) -> Floats:
    """Two days with nights, bent so that the published quartiles are met."""
    knots = facts("ulb").figures["time.quantiles"].value
    raw = seconds_of_days(np.array([float(key) for key in knots]), 2, HOURS)
    return np.asarray(np.interp(seconds_of_days(u, 2, HOURS), raw, np.array(list(knots.values()), dtype=np.float64)))


def _fraud_times(u: Floats) -> Floats:
    knots = facts("ulb").figures["time.fraud.quantiles"].value
    return np.asarray(np.interp(u, [float(key) for key in knots], list(knots.values())))


def _amounts(u: Floats, fraud: bool) -> Floats:
    figures, name = facts("ulb").figures, "fraud" if fraud else "legitimate"
    quantiles = through_quantiles(
        figures[f"amounts.{name}.quantiles"].value, figures[f"amounts.{name}.mean"].value, least=20
    )
    minor = np.rint(draw(quantiles, u))
    if fraud:
        minor[u < ONE_EURO_SHARE] = 100
    else:
        for point, share in PRICE_POINTS.items():
            at = float((quantiles < point).mean())
            minor[np.abs(u - at) < share / 2] = point
    minor[u < ZERO_SHARE[fraud]] = 0
    return minor / 100


def _features(rng: np.random.Generator, fraud: Bools) -> dict[str, Floats]:
    spread = np.geomspace(1.96, 0.33, 28)
    noise = rng.normal(size=(28, len(fraud)))
    return {f"V{n + 1}": spread[n] * (noise[n] + fraud * SHIFTED.get(f"V{n + 1}", 0.0)) for n in range(len(spread))}
