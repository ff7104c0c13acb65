"""What the tests of contracts share: the shipped catalogue, a purchase, and a folder with one small contract."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from streamflow.contracts import Catalogue, Validator, Verdict, build_validator
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.contracts.timestamps import parse_us

ROOT = Path(__file__).resolve().parents[3]
CONTRACTS = ROOT / "contracts"
NOW_MS = (parse_us("2026-03-01T09:15:03Z") or 0) // 1000

PURCHASE: dict[str, Any] = {
    "schema_version": "1.0.0",
    "transaction_id": "tx-000123",
    "customer_id": "c-00042",
    "event_timestamp": "2026-03-01T09:15:02.125Z",
    "amount_minor": 1999,
    "currency": "USD",
    "utc_offset_min": 60,
    "store_id": "s-03",
    "product_id": "p-017",
    "merchant_id": "m-00123",
    "card_id": "k-88301",
    "device_id": "d-1202",
    "channel": "web",
    "quantity": 2,
    "latitude": 52.52,
    "longitude": 13.405,
}

SMALL = """\
apiVersion: v3.2.0
kind: DataContract
id: small
name: small
version: 1.0.0
status: active
description:
  purpose: A contract for tests.
schema:
  - name: small
    physicalName: silver.small
    physicalType: table
    description: One number.
    properties:
      - name: number
        logicalType: integer
        physicalType: integer
        required: true
        classification: public
        description: The number.
        logicalTypeOptions:
          minimum: 1
          maximum: 9
servers: []
team:
  name: tests
customProperties:
  - property: producers
    value: [tests]
  - property: consumers
    value: [tests]
"""


@cache
def catalogue() -> Catalogue:
    """Return the shipped contracts."""
    return Catalogue.load(CONTRACTS)


@cache
def validator() -> Validator:
    """Return the validator of the shipped contracts, for US dollars."""
    return build_validator(catalogue(), "USD")


@cache
def fewer_ways() -> tuple[Validator, Validator]:
    """Return validators that leave out the first way, and the first two: only the last can name a reason."""
    second, last = build_validator(catalogue(), "USD"), build_validator(catalogue(), "USD")
    for one in (second, last):
        one._typed.clear()
    for versions in last._topics.values():
        for version in versions.values():
            version.proof_bytes = -1
    return second, last


def encode(record: Any) -> bytes:
    """Write a record as compact JSON."""
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def judge(body: bytes | None, key: bytes | None = b"c-00042", now_ms: int = NOW_MS) -> Verdict:
    """Judge bytes as a purchase of customer c-00042."""
    return validator()(TRANSACTIONS_RAW, key, body, now_ms)


def purchase(**changes: Any) -> bytes:
    """Return the bytes of a purchase with some fields changed."""
    return encode({**PURCHASE, **changes})


def small(folder: Path, text: str = SMALL) -> Catalogue:
    """Write one contract into a folder and load it."""
    path = folder / "silver" / "small" / "1.0.0.odcs.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return Catalogue.load(folder)
