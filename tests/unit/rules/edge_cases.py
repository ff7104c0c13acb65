"""Customers under the shipped rule sets, and purchases that come as the stream brings them: bytes, judged first."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from streamflow.contracts import Catalogue, Validator, build_validator
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.contracts.rule_sets import load_horizons, load_rule_set
from streamflow.contracts.timestamps import format_us
from streamflow.rules.model import Purchase, purchase_from_record
from streamflow.settings import load_settings
from tests.unit.rules.rule_cases import Customer, at, published

SEED, CALIBRATED = "1.0.0", "1.1.0"
"""The rule set that everything began with, and the calibrated one."""


def shipped(version: str, *records: dict[str, Any]) -> Customer:
    """Return a customer under a shipped rule set and the shipped horizons; `records` are listings."""
    return Customer(published(load_rule_set(version).payload()), *records, horizons=load_horizons())


@cache
def _validator() -> Validator:
    return build_validator(Catalogue.load(load_settings().contracts_dir), "USD")


def arrive(clock: str, **fields: Any) -> tuple[str | None, Purchase | None]:
    """Send a purchase of anna's through the validator, as the stream does.

    Args:
        clock: Its event time, and the time of its record.
        fields: Fields of the record besides; None leaves one out.

    Returns:
        The reason of its rejection and None, or None and the purchase.
    """
    time_us = at(clock)
    record = {
        "schema_version": "1.0.0",
        "transaction_id": f"t{time_us}",
        "customer_id": "anna",
        "event_timestamp": format_us(time_us),
        "amount_minor": 1000,
        "currency": "USD",
    } | fields
    body = json.dumps({name: value for name, value in record.items() if value is not None}).encode()
    verdict = _validator()(TRANSACTIONS_RAW, b"anna", body, time_us // 1000)
    if verdict.record is None or verdict.event_time_us is None:
        return verdict.reason, None
    return None, purchase_from_record(verdict.record, verdict.event_time_us)


def taken(customer: Customer, *arrivals: tuple[str | None, Purchase | None]) -> list[str]:
    """Give a customer the purchases that were accepted; return the reasons of the others."""
    for _, purchase in arrivals:
        if purchase is not None:
            customer.send(purchase)
    return [reason for reason, _ in arrivals if reason is not None]
