"""Burst: a stolen card is emptied, four to twelve purchases within ten minutes, before anybody looks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from streamflow.generator.scenarios.stage import HOUR_US, Draft, Stage
from streamflow.generator.world import World

NAME = "burst"
SIZE = (4, 12)
SPAN_US = HOUR_US
WITHIN_S = 595
DELAYED_SHARE = 0.1
MOST_DELAY_US = 20_000_000


def eligible(world: World) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Anybody's card can be stolen."""
    return np.ones(len(world.population), dtype=np.bool_)


def plan(stage: Stage, size: int) -> list[Draft]:
    """Return `size` purchases within ten minutes; a tenth of them reach the log a little late."""
    begin = stage.start_us // 1000 * 1000
    offsets = np.sort(stage.rng.choice(WITHIN_S, size=size, replace=False))
    drafts = []
    for offset in offsets.tolist():
        usual = stage.habitual(begin + offset * 1_000_000)
        delayed = stage.rng.random() < DELAYED_SHARE
        drafts.append(
            replace(
                usual,
                amount_minor=max(100, int(usual.amount_minor * stage.rng.uniform(0.5, 1.2))),
                merchant=stage.any_merchant(),
                device=stage.stranger_device,
                delay_us=int(stage.rng.integers(MOST_DELAY_US)) if delayed else 0,
            )
        )
    return drafts
