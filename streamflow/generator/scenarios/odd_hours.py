"""Odd hours: somebody who shops by day, and regularly, buys between half past one and half past four at night."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from streamflow.generator.scenarios.stage import DAY_US, MINUTE_US, Draft, Stage
from streamflow.generator.world import World

NAME = "odd_hours"
SIZE = (2, 4)
SPAN_US = 2 * DAY_US
NIGHT_MIN = (90.0, 180.0)
DAY_MIN = (9 * 60, 18 * 60)
LEAST_CONCENTRATION = 3.0


def eligible(world: World) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Customers whose purchases cluster between nine and eighteen o'clock."""
    people = world.population
    by_day = (people.peak_min >= DAY_MIN[0]) & (people.peak_min <= DAY_MIN[1])
    return np.asarray(by_day & (people.concentration >= LEAST_CONCENTRATION))


def plan(stage: Stage, size: int) -> list[Draft]:
    """Return `size` purchases in one night, eleven minutes or more apart."""
    begin = stage.at_local_minute(float(stage.rng.uniform(*NIGHT_MIN)))
    return [
        replace(stage.habitual(begin + offset), merchant=stage.any_merchant(), device=stage.stranger_device)
        for offset in stage.gaps(size, 11 * MINUTE_US, 29 * MINUTE_US)
    ]
