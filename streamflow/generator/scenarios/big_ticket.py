"""Big ticket: one or two purchases of five to twenty times what the customer spends on average."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from streamflow.generator.scenarios.stage import DAY_US, HOUR_US, Draft, Stage
from streamflow.generator.world import World

NAME = "big_ticket"
SIZE = (1, 2)
SPAN_US = 2 * DAY_US
MULTIPLES = (5.0, 20.0)
MOST_MINOR = 900_000_000


def eligible(world: World) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Anybody."""
    return np.ones(len(world.population), dtype=np.bool_)


def plan(stage: Stage, size: int) -> list[Draft]:
    """Return dear purchases, an hour or more apart, beginning at a usual hour."""
    begin = stage.usual_time()
    average = stage.world.usual_amount(stage.customer)
    drafts = []
    for offset in stage.gaps(size, HOUR_US, 2 * HOUR_US):
        multiple = float(np.exp(stage.rng.uniform(*np.log(MULTIPLES))))
        amount = min(MOST_MINOR, int(average * multiple) // 100 * 100)
        drafts.append(
            replace(
                stage.habitual(begin + offset),
                amount_minor=max(100, amount),
                merchant=stage.any_merchant(),
                device=stage.stranger_device,
            )
        )
    return drafts
