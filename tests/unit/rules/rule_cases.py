"""Rule sets, books and purchases in the few words that a test needs."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from streamflow.contracts.rule_sets import Horizons
from streamflow.contracts.timestamps import parse_us
from streamflow.rules.book import RuleBook
from streamflow.rules.engine import Engine
from streamflow.rules.model import Decided, Decision, Line, Outcome, Position, Purchase

WEIGHT = 4_000_000
PRIOR = -5_000_000
BEGINNING = "1970-01-01T00:00:00Z"


def reach(**changes: int) -> Horizons:
    """Return the horizons of the contract with `changes`."""
    return Horizons(
        **{
            "max_out_of_orderness_s": 60,
            "retention_s": 90 * 86_400,
            "dedup_horizon_s": 86_400,
            "max_pending": 256,
            "max_window_s": 86_400,
        }
        | changes
    )


def band(at_least: float, weight_ulo: int = WEIGHT, name: str | None = None) -> dict[str, Any]:
    """Return one band of a measure."""
    return {
        "id": name or f"from_{str(at_least).replace('.', '_')}",
        "at_least": at_least,
        "weight_ulo": weight_ulo,
        "n": None,
        "interval": None,
        "status": "assumed",
    }


def rule_set(version: str = "1.0.0", **changes: Any) -> dict[str, Any]:
    """Return rule set 1.0.0 as a test sees it; `changes` replace parts by a path as `velocity__window_s`."""
    rules: dict[str, Any] = {
        "high_value": {
            "min_history": 3,
            "measures": {
                "ratio_to_mean": {"unit": "ratio", "digits": 4, "bands": [band(3.0)]},
                "amount_minor": {"unit": "minor", "digits": 0, "bands": []},
            },
        },
        "velocity": {
            "window_s": 600,
            "measures": {"purchases": {"unit": "purchases", "digits": 0, "bands": [band(6)]}},
        },
        "geographic": {
            "window_s": 3600,
            "measures": {
                "distance_km": {"unit": "km", "digits": 3, "bands": [band(500)]},
                "speed_kmh": {"unit": "km/h", "digits": 0, "bands": []},
            },
        },
        "time_anomaly": {
            "min_history": 5,
            "min_sigma_min": 30,
            "measures": {"deviation_sigma": {"unit": "sigma", "digits": 4, "bands": [band(2.0)]}},
        },
        "blacklist": {
            "measures": {
                "listed": {"unit": "entries", "digits": 0, "bands": [band(1)]},
                "risk": {"unit": "share", "digits": 3, "bands": []},
            }
        },
    }
    for path, value in changes.items():
        *folders, last = path.split("__")
        place = rules
        for folder in folders:
            place = place[folder]
        place[last] = value
    return {
        "version": version,
        "status": "released",
        "calibration": None,
        "prior_ulo": PRIOR,
        "prior_status": "assumed",
        "alert_threshold_ulo": PRIOR + WEIGHT,
        "alert_threshold_status": "assumed",
        "score_digits": 6,
        "score_calibrated": False,
        "rules": deepcopy(rules),
    }


def published(rules: dict[str, Any], effective_from: str = BEGINNING, role: str = "live") -> dict[str, Any]:
    """Return the fraud-rules record of a rule set."""
    return {
        "kind": "rule_set",
        "version": rules["version"],
        "effective_from": effective_from,
        "role": role,
        "rule_set": rules,
    }


def listing(merchant_id: str, valid_from: str, valid_to: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return the fraud-rules record of a blacklist entry."""
    return {
        "kind": "blacklist",
        "entry_id": f"{merchant_id}-{valid_from[:10]}",
        "merchant_id": merchant_id,
        "valid_from": valid_from,
        "valid_to": valid_to,
        "reason": "chargebacks",
        "origin": "manual",
        "risk": None,
        "effective_from": valid_from,
    } | changes


def at(clock: str) -> int:
    """Return the event time of a clock time on 2026-03-02, or of a whole RFC 3339 time, epoch microseconds."""
    time_us = parse_us(clock if "T" in clock else f"2026-03-02T{clock}Z")
    assert time_us is not None, clock
    return time_us


def buy(
    transaction_id: str,
    clock: str,
    amount_minor: int = 1000,
    *,
    place: tuple[float | None, float | None] = (None, None),
    merchant_id: str | None = None,
    utc_offset_min: int | None = None,
    customer_id: str = "anna",
    digest: int = 0,
) -> Purchase:
    """Return a purchase."""
    return Purchase(
        customer_id, transaction_id, at(clock), amount_minor, utc_offset_min, merchant_id, place[0], place[1], digest
    )


class Customer:
    """Feeds one customer's purchases to an engine, as its log would; keeps what came out."""

    def __init__(self, *records: dict[str, Any], horizons: Horizons | None = None) -> None:
        self.engine = Engine(RuleBook.from_records(records or (published(rule_set()),)), horizons or reach())
        self.state: bytes | None = None
        self.offset = 0
        self.final: dict[tuple[str, str], Decision] = {}

    def send(self, purchase: Purchase) -> list[Outcome]:
        """Process one purchase and return its outcomes."""
        self.state, outcomes = self.engine.process(self.state, purchase, Position(0, self.offset))
        self.offset += 1
        for outcome in outcomes:
            if isinstance(outcome, Decided):
                self.final[outcome.decision.transaction_id, outcome.decision.rule_set] = outcome.decision
        return outcomes

    def sent(self, *purchases: Purchase) -> list[Decided]:
        """Process purchases and return every decision that they caused."""
        return [outcome for item in purchases for outcome in self.send(item) if isinstance(outcome, Decided)]

    def line(self, rule: str, *purchases: Purchase) -> Line | None:
        """Process purchases and return a rule's line in the decision on the last one, if one was sent."""
        decided = [item.decision for item in self.sent(*purchases)]
        mine = [item for item in decided if item.transaction_id == purchases[-1].transaction_id]
        return next((line for line in mine[-1].lines if line.rule == rule), None) if mine else None

    def fires(self, rule: str, *purchases: Purchase) -> bool:
        """Process purchases and tell whether a rule weighs in the decision on the last one."""
        line = self.line(rule, *purchases)
        return line is not None and line.weight_ulo != 0
