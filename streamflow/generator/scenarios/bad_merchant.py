"""Bad merchant: purchases at a merchant whose payment page is compromised; some of them are later named in public."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from streamflow.generator.scenarios.stage import DAY_US, HOUR_US, Draft, Stage
from streamflow.generator.world import World

NAME = "bad_merchant"
SIZE = (1, 2)
SPAN_US = 2 * DAY_US


def eligible(world: World) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Anybody."""
    return np.ones(len(world.population), dtype=np.bool_)


def merchant_of(stage: Stage) -> int:
    """Return the episode's compromised merchant; the same whenever it is asked (see `labels.notices`)."""
    compromised = stage.world.compromised
    return int(compromised[stage.episode % len(compromised)])


def plan(stage: Stage, size: int) -> list[Draft]:
    """Return `size` purchases of usual amounts at usual hours, at the compromised merchant."""
    begin = stage.usual_time()
    return [
        replace(stage.habitual(begin + offset), merchant=merchant_of(stage))
        for offset in stage.gaps(size, HOUR_US, 3 * HOUR_US)
    ]
