"""Camouflaged: whoever holds the card knows its owner; amounts, hours, merchants and place are the customer's own."""

from __future__ import annotations

import numpy as np

from streamflow.generator.scenarios.stage import DAY_US, HOUR_US, Draft, Stage
from streamflow.generator.world import World

NAME = "camouflaged"
SIZE = (1, 3)
SPAN_US = 4 * DAY_US


def eligible(world: World) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Anybody."""
    return np.ones(len(world.population), dtype=np.bool_)


def plan(stage: Stage, size: int) -> list[Draft]:
    """Return `size` purchases as the customer would make them, half a day or more apart."""
    drafts: list[Draft] = []
    earliest = stage.start_us
    for _ in range(size):
        at = stage.usual_time(earliest)
        drafts.append(stage.habitual(at))
        earliest = at + 12 * HOUR_US
    return drafts
