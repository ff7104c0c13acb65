"""Gift cards: an account is taken over from a new device; gift cards of ordinary value are bought, not too fast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from streamflow.generator.scenarios.stage import DAY_US, MINUTE_US, Draft, Stage
from streamflow.generator.world import World

NAME = "gift_cards"
SIZE = (2, 4)
SPAN_US = 2 * DAY_US
DENOMINATIONS_MINOR = (1500, 2500, 5000, 10_000, 20_000)


def eligible(world: World) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Anybody."""
    return np.ones(len(world.population), dtype=np.bool_)


def plan(stage: Stage, size: int) -> list[Draft]:
    """Return `size` gift cards of the denomination nearest the customer's average, twelve minutes or more apart."""
    begin = stage.usual_time()
    average = stage.world.usual_amount(stage.customer)
    value = min(DENOMINATIONS_MINOR, key=lambda denomination: abs(denomination - average))
    classes = stage.world.classes
    digital = classes.index("digital") if "digital" in classes else 0
    product = digital * stage.world.parameters.reference.products_per_class
    merchant = stage.any_merchant()
    return [
        replace(
            stage.habitual(begin + offset),
            amount_minor=value,
            product=product,
            merchant=merchant,
            device=stage.stranger_device,
            session=True,
        )
        for offset in stage.gaps(size, 12 * MINUTE_US, 40 * MINUTE_US)
    ]
