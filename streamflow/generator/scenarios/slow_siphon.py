"""Slow siphon: six to twelve small purchases over days, at usual hours, each too small to be noticed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from streamflow.generator.scenarios.stage import DAY_US, HOUR_US, Draft, Stage
from streamflow.generator.world import World

NAME = "slow_siphon"
SIZE = (6, 12)
SPAN_US = 4 * DAY_US
AMOUNT_MINOR = (300, 1500)


def eligible(world: World) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Anybody."""
    return np.ones(len(world.population), dtype=np.bool_)


def plan(stage: Stage, size: int) -> list[Draft]:
    """Return `size` purchases of 3 to 15 units, about three a day, each at least twenty minutes from the next."""
    times = []
    for index in range(size):
        earliest = stage.start_us + index // 3 * DAY_US
        times.append(stage.usual_time(earliest))
    times.sort()
    for index in range(1, size):
        times[index] = max(times[index], times[index - 1] + HOUR_US // 3)
    merchant = stage.any_merchant()
    return [
        replace(stage.habitual(at), amount_minor=int(stage.rng.integers(*AMOUNT_MINOR)), merchant=merchant)
        for at in times
    ]
