"""A log in which a known share of purchases comes behind its customer's watermark."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from msgspec.structs import replace

from streamflow.generator.records import Emission

SHARE = 0.05
LONGEST_MS = 5 * 86_400_000
"""Nobody is held back longer: a purchase more than seven days behind its Kafka timestamp breaks its contract."""
_SCALE = 10_000


def with_late(emissions: Iterator[Emission], share: float = SHARE) -> Iterator[Emission]:
    """Hold back a share of purchases until after the next one of the same customer, whose Kafka timestamp they get.

    Most of them are late then, since a customer's purchases are seldom less than a minute apart; those whose customer
    does not buy again within five days are not.

    Args:
        emissions: Purchases in log order.
        share: How many to hold back, 0 to 1; which ones is a function of their bytes.
    """
    held: dict[bytes, Emission] = {}
    now_ms = 0
    for one in emissions:
        now_ms = one.timestamp_ms
        while held and now_ms - (longest := next(iter(held.values()))).timestamp_ms > LONGEST_MS:
            yield replace(held.pop(longest.key), timestamp_ms=now_ms)
        before = held.pop(one.key, None)
        if before is None and zlib.crc32(one.value or b"") % _SCALE < share * _SCALE:
            held[one.key] = one
            continue
        yield one
        if before is not None:
            yield replace(before, timestamp_ms=now_ms)
    for before in held.values():
        yield replace(before, timestamp_ms=now_ms)
