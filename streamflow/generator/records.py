"""What leaves the generator: records as they are on the wire, and emissions in log order.

The structs only exist for speed. Their fields are held against the contracts by a test; nothing else may add one.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import numpy as np

from streamflow.generator.population import Ints

SCHEMA_VERSION = "1.0.0"


class Emission(msgspec.Struct, frozen=True, gc=False):
    """One record of the log.

    Attributes:
        topic: Where it goes.
        key: The Kafka key.
        value: The body; None is a null value.
        timestamp_ms: The producer's now, epoch milliseconds; never falls from one emission to the next.
    """

    topic: str
    key: bytes
    value: bytes | None
    timestamp_ms: int


class Purchase(msgspec.Struct, omit_defaults=True, gc=False):
    """A record of transactions.raw."""

    transaction_id: str
    customer_id: str
    event_timestamp: str
    amount_minor: int
    currency: str
    schema_version: str | None = None
    utc_offset_min: int | None = None
    store_id: str | None = None
    product_id: str | None = None
    merchant_id: str | None = None
    card_id: str | None = None
    device_id: str | None = None
    channel: str | None = None
    quantity: int | None = None
    latitude: float | None = None
    longitude: float | None = None


class CustomerEvent(msgspec.Struct, omit_defaults=True, gc=False):
    """A record of events.raw."""

    event_id: str
    customer_id: str
    event_type: Literal["login", "page_view", "cart", "chargeback"]
    event_timestamp: str
    schema_version: str | None = None
    utc_offset_min: int | None = None
    session_id: str | None = None
    device_id: str | None = None
    page: str | None = None
    product_id: str | None = None
    quantity: int | None = None
    transaction_id: str | None = None
    chargeback_reason: Literal["fraud", "dispute"] | None = None


class ReferenceChange(msgspec.Struct, gc=False):
    """A record of reference.raw."""

    schema_version: str
    entity: Literal["customer", "store", "product"]
    member_id: str
    valid_from: str
    attributes: dict[str, Any]


encode = msgspec.json.Encoder().encode


def rfc3339(time_us: int) -> str:
    """Return one instant as text in UTC with milliseconds."""
    return str(np.datetime_as_string(np.datetime64(time_us // 1000, "ms"))) + "Z"


def rfc3339_all(times_us: Ints) -> list[str]:
    """Return many instants as text in UTC with milliseconds."""
    text = np.datetime_as_string((times_us // 1000).astype("datetime64[ms]"), timezone="UTC")
    return list(text.tolist())
