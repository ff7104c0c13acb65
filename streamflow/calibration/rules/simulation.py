"""Rows for what a source cannot identify: a run of the generator, labelled and weighted as the source's own fraud rate.

Fraud is simulated more often than it happens, so that every band holds enough of it, and weighed back: a logistic fit's
weights do not depend on the rate (R. L. Prentice and R. Pyke, Biometrika 66, 1979), and weighted rows give the prior.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from streamflow.calibration.world.simulated import simulated_table
from streamflow.datasets.table import PurchaseTable
from streamflow.generator.parameters import Parameters

LEAST_RATE = 0.025
DAYS = 30
DAY_US = 86_400_000_000
Z_95 = 1.644853626951472


def simulated_rows(parameters: Parameters, purchases: int, rate: float, seed: int) -> PurchaseTable:
    """Simulate purchases with labels that become known as the parameters say.

    Args:
        parameters: The world.
        purchases: How many.
        rate: Share of fraud that the weights shall stand for.
        seed: Of the run.

    Returns:
        The purchases; `known_us` is set for every row: what is no fraud is known as such when 19 of 20 frauds are.
    """
    made = max(rate, LEAST_RATE)
    world = parameters.model_copy(update={"fraud": parameters.fraud.model_copy(update={"rate": made})})
    table = simulated_table(world, purchases, DAYS, seed)
    share = float(table.fraud.mean())
    weight = np.where(table.fraud, rate / share, (1 - rate) / (1 - share))
    return replace(table, weight=weight, known_us=table.event_us + _delays_us(parameters, table, seed))


def _delays_us(parameters: Parameters, table: PurchaseTable, seed: int) -> np.typing.NDArray[np.int64]:
    labels = parameters.labels
    sigma = np.log(labels.p95_delay_days / labels.median_delay_days) / Z_95
    drawn = labels.median_delay_days * np.exp(sigma * np.random.default_rng([seed, 1]).normal(size=len(table)))
    days = np.where(table.fraud, np.minimum(drawn, labels.max_delay_days), labels.p95_delay_days)
    return np.asarray(days * DAY_US, dtype=np.int64)
