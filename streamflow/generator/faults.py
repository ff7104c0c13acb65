"""Broken records: one table of everything a producer can do wrong, and what the contract answers.

`HOSTILE` is for tests; a run breaks purchases of its own by the same table.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from streamflow.contracts.names import Reason

Record = dict[str, Any]
MEGABYTE = 1_000_000
LEVELS = 1000
DAY_MS = 86_400_000

BASE_MS = 1_767_618_902_125
"""The event time of the base record, epoch milliseconds."""

BASE: Record = {
    "schema_version": "1.0.0",
    "transaction_id": "hostile-0001",
    "customer_id": "customer-1",
    "event_timestamp": "2026-01-05T13:15:02.125Z",
    "amount_minor": 4200,
    "currency": "USD",
    "utc_offset_min": -300,
    "store_id": "store-1",
    "product_id": "product-1",
    "merchant_id": "merchant-1",
    "card_id": "card-1",
    "device_id": "device-1",
    "channel": "web",
    "quantity": 1,
    "latitude": 40.71,
    "longitude": -74.01,
}


class Case(NamedTuple):
    """One way to break a purchase.

    Attributes:
        name: What is wrong.
        body: From the record to the bytes.
        reason: The contract's reason; None where the record is accepted all the same.
        key: The Kafka key; None means the customer's, as it should be.
        offset_ms: Kafka timestamp minus event time.
    """

    name: str
    body: Callable[[Record], bytes | None]
    reason: Reason | None
    key: Callable[[Record], bytes | None] | None = None
    offset_ms: int = 0

    def apply(self, record: Record) -> tuple[bytes | None, bytes | None]:
        """Return key and body of the broken record."""
        right = str(record["customer_id"]).encode()
        return (right if self.key is None else self.key(record)), self.body(record)


class Hostile(NamedTuple):
    """A row of `HOSTILE`; the Kafka timestamp is `BASE_MS + kafka_ts_offset_ms`."""

    name: str
    key: bytes | None
    body: bytes | None
    kafka_ts_offset_ms: int
    expected_reason: Reason | None


def _plain(record: Record) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode()


def _with(**changes: Any) -> Callable[[Record], bytes]:
    return lambda record: _plain({**record, **changes})


def _without(field: str) -> Callable[[Record], bytes]:
    return lambda record: _plain({name: value for name, value in record.items() if name != field})


def _literal(field: str, text: str) -> Callable[[Record], bytes]:
    """Put text that is no Python value where the field's value stands."""
    return lambda record: _plain({**record, field: "@@"}).replace(b'"@@"', text.encode())


def _large(record: Record) -> bytes:
    short = _plain({**record, "note": ""})
    return _plain({**record, "note": "x" * (MEGABYTE - len(short))})


def _deep(record: Record) -> bytes:
    return _literal("note", "[" * LEVELS + "]" * LEVELS)(record)


def _twice(record: Record) -> bytes:
    return _plain(record)[:-1] + b',"amount_minor":1}'


CASES: tuple[Case, ...] = (
    Case("not UTF-8", lambda record: _plain(record).replace(b"USD", b"U\xffD"), "not_utf8"),
    Case("not JSON", lambda record: _plain(record)[:-7], "not_json"),
    Case("plain text", lambda _: b"purchase of 42 dollars", "not_json"),
    Case("a JSON array", lambda record: b"[" + _plain(record) + b"]", "not_object"),
    Case("a JSON string", lambda _: b'"purchase"', "not_object"),
    Case("a JSON null", lambda _: b"null", "not_object"),
    Case("null value", lambda _: None, "null_value"),
    Case("empty", lambda _: b"", "empty_value"),
    Case("amount missing", _without("amount_minor"), "missing_field"),
    Case("id missing", _without("transaction_id"), "missing_field"),
    Case("id is a number", _with(transaction_id=12), "wrong_type"),
    Case("quantity is a boolean", _with(quantity=True), "wrong_type"),
    Case("amount is text", _with(amount_minor="42.00"), "wrong_type"),
    Case("amount is a fraction", _with(amount_minor=42.5), "wrong_type"),
    Case("NaN", _literal("latitude", "NaN"), "number_out_of_range"),
    Case("Infinity", _literal("amount_minor", "Infinity"), "number_out_of_range"),
    Case("amount 0", _with(amount_minor=0), "out_of_range"),
    Case("amount negative", _with(amount_minor=-4200), "out_of_range"),
    Case("amount of 40 digits", _literal("amount_minor", "9" * 40), "number_out_of_range"),
    Case("amount 1e999999", _literal("amount_minor", "1e999999"), "number_out_of_range"),
    Case("latitude 91", _with(latitude=91.0), "out_of_range"),
    Case("unknown currency", _with(currency="XXX"), "unsupported_currency"),
    Case("currency in small letters", _with(currency="usd"), "bad_pattern"),
    Case("unknown schema_version", _with(schema_version="9.0.0"), "unknown_schema_version"),
    Case("unknown channel", _with(channel="fax"), "not_in_enum"),
    Case("time without zone", _with(event_timestamp="2026-01-05T13:15:02.125"), "bad_timestamp"),
    Case("no time at all", _with(event_timestamp="yesterday"), "bad_timestamp"),
    Case("time in 1970", _with(event_timestamp="1970-01-01T00:00:00Z"), "event_time_out_of_range"),
    Case("time in 2099", _with(event_timestamp="2099-12-31T23:59:59Z"), "event_time_out_of_range"),
    Case("NUL in a string", _with(store_id="store\x00one"), "bad_string"),
    Case("lone surrogate", _literal("store_id", '"\\ud800"'), "bad_string"),
    Case("id with a blank", _with(merchant_id="merchant one"), "bad_pattern"),
    Case("id of 65 characters", _with(merchant_id="m" * 65), "bad_length"),
    Case("duplicate key", _twice, "duplicate_key"),
    Case("1,000 levels of nesting", _deep, "too_deep"),
    Case("1 MB", _large, "too_large"),
    Case("key of another customer", _plain, "key_mismatch", key=lambda _: b"somebody-else"),
    Case("no key", _plain, "key_mismatch", key=lambda _: None),
    Case("8 days old", _plain, "event_time_out_of_range", offset_ms=8 * DAY_MS),
    Case("6 minutes ahead", _plain, "event_time_out_of_range", offset_ms=-360_000),
    Case("unknown field", _with(campaign="spring"), None),
    Case("first of three", _with(transaction_id="hostile-twice"), None),
    Case("the same again", _with(transaction_id="hostile-twice"), None),
    Case("the same id, other content", _with(transaction_id="hostile-twice", amount_minor=999), None),
)

HOSTILE: list[Hostile] = [Hostile(case.name, *case.apply(BASE), case.offset_ms, case.reason) for case in CASES]

SENDABLE: tuple[Case, ...] = tuple(
    case for case in CASES if case.reason is not None and case.offset_ms == 0 and case.name != "no key"
)
"""What a run sends: its clock is monotone, and a record without key would lie in any partition."""

BULKY = frozenset({"1 MB"})
"""Cases that a run sends rarely."""
