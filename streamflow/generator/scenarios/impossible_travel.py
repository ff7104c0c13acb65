"""Impossible travel: ten to forty minutes after a purchase near home, the card is used 1,500 km away or more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from streamflow.generator.scenarios.stage import DAY_US, MINUTE_US, Draft, Stage
from streamflow.generator.world import World

NAME = "impossible_travel"
SIZE = (1, 3)
SPAN_US = 2 * DAY_US
LEAST_KM = 1500.0
GENUINE = 1
"""The purchase near home that comes first is the customer's own."""


def eligible(world: World) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Anybody."""
    return np.ones(len(world.population), dtype=np.bool_)


def plan(stage: Stage, size: int) -> list[Draft]:
    """Return the genuine purchase at home, then `size` fraudulent ones in one distant city."""
    begin = stage.usual_time()
    home = replace(stage.habitual(begin), is_fraud=False)
    latitude, longitude = stage.far_away(LEAST_KM)
    first = begin + int(stage.rng.integers(10 * MINUTE_US, 40 * MINUTE_US)) // 1000 * 1000
    away = [
        replace(
            stage.habitual(first + offset),
            latitude=latitude,
            longitude=longitude,
            merchant=stage.any_merchant(),
            device=stage.stranger_device,
        )
        for offset in stage.gaps(size, 12 * MINUTE_US, 30 * MINUTE_US)
    ]
    return [home, *away]
