"""Histories of customers, and the orders in which their purchases reach the log.

Three kinds of customers. Those in time: nothing overtakes more than the bound, some purchases are sent twice. Those out
of time: some purchases come ten minutes late, some twice with other content. And a crowd: more purchases within the
bound than may be pending.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec

from streamflow.contracts.rule_sets import load_horizons
from streamflow.contracts.timestamps import format_us
from streamflow.generator.faults import BASE
from streamflow.rules.model import Purchase
from tests.property.law_cases import SECOND_US, START_US, history_of

SEED = 20260225
CUSTOMERS = 24
PURCHASES = 60
"""Of each customer of the first two kinds."""
IN_TIME, OUT_OF_TIME, CROWD = "in-time", "out-of-time", "crowd"
LATE_S = 600

Sent = tuple[bytes, bytes, int]
"""Key, body, and Kafka timestamp in ms."""


def histories() -> list[Purchase]:
    """Return what all customers bought; the same at each call."""
    found: list[Purchase] = []
    for kind in (IN_TIME, OUT_OF_TIME):
        for number in range(CUSTOMERS):
            rng = random.Random(f"{SEED}-{kind}-{number}")  # noqa: S311
            own = history_of(rng, PURCHASES, 1)
            found += [msgspec.structs.replace(one, customer_id=f"{kind}-{number}") for one in own]
    limits = load_horizons()
    rng = random.Random(f"{SEED}-{CROWD}")  # noqa: S311
    for number in range(limits.max_pending + 40):
        time_us = START_US + rng.randrange((limits.max_out_of_orderness_s - 1) * SECOND_US)
        found.append(
            Purchase(CROWD, f"t{number:03d}", time_us, rng.choice((900, 1_000, 9_000)), 0, None, None, None, 0)
        )
    return found


def arrivals(purchases: Iterable[Purchase], seed: int) -> list[Sent]:
    """Return a log: each customer's purchases delayed and repeated, customers interleaved without regard to time.

    Args:
        purchases: What was bought.
        seed: Another one gives another order, other repetitions and other content of what is sent twice.
    """
    rng = random.Random(f"{SEED}-{seed}")  # noqa: S311
    bound_us = load_horizons().max_out_of_orderness_s * SECOND_US
    queues: dict[str, list[tuple[int, int, Purchase]]] = defaultdict(list)
    for number, purchase in enumerate(purchases):
        queue, odd = queues[purchase.customer_id], purchase.customer_id.startswith(OUT_OF_TIME)
        late = odd and rng.random() < 0.2
        delay_us = rng.randrange(LATE_S * SECOND_US if late else bound_us)
        if purchase.customer_id == CROWD:
            # In order, but for some that come when all others are there, the newest of them first.
            behind = rng.random() < 0.15
            delay_us = 2 * (bound_us + START_US - purchase.event_time_us) if behind else 0
        queue.append((purchase.event_time_us + delay_us, number, purchase))
        if rng.random() < 0.1:
            twin = purchase
            if odd and rng.random() < 0.5:
                twin = msgspec.structs.replace(purchase, amount_minor=purchase.amount_minor + 1)
            queue.append((purchase.event_time_us + rng.randrange(bound_us), number, twin))
    for queue in queues.values():
        queue.sort(key=lambda item: item[:2], reverse=True)
    log = []
    turns = [name for name, queue in queues.items() for _ in queue]
    rng.shuffle(turns)
    for name in turns:
        at_us, _, purchase = queues[name].pop()
        log.append((name.encode(), json.dumps(record(purchase)).encode(), at_us // 1000 + 1))
    return log


def record(purchase: Purchase) -> dict[str, Any]:
    """Return the transactions.raw record of a purchase; what it does not know is left out."""
    told = {
        "transaction_id": purchase.transaction_id,
        "customer_id": purchase.customer_id,
        "event_timestamp": format_us(purchase.event_time_us),
        "amount_minor": purchase.amount_minor,
        "utc_offset_min": purchase.utc_offset_min,
        "merchant_id": purchase.merchant_id,
        "latitude": purchase.latitude,
        "longitude": purchase.longitude,
    }
    return {name: value for name, value in (BASE | told).items() if value is not None}
