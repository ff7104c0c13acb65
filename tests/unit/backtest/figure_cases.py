"""Backtests small enough to work out by hand, and larger ones drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
import numpy as np

from streamflow.backtest.scored import Backtest, Origin, Period, Purchases, Scored, Training
from streamflow.contracts.rule_sets import RULES, RuleSet, load_rule_set

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
START_US = 1_772_323_200_000_000  # 2026-03-01
ALERT = 8_000_000
"""A weight that makes an alert of a purchase by itself, micro log-odds."""


@dataclass(frozen=True)
class Row:
    """One purchase.

    Attributes:
        hour: Hours since the start of the period.
        customer: Number of the customer.
        amount: Minor units.
        fraud: Whether it is fraud.
        weights: By rule, micro log-odds.
        known_h: Hours from the purchase until its label is known.
        merchant: Number of the merchant.
    """

    hour: float
    customer: int
    amount: int = 1000
    fraud: bool = False
    weights: dict[str, int] = field(default_factory=dict)
    known_h: float = 24.0
    merchant: int = 0


def rules(version: str = "1.0.0", **changes: Any) -> RuleSet:
    """Return rule set 1.0.0 with a threshold that ALERT reaches, under another version."""
    return msgspec.structs.replace(
        _base(), version=version, prior_ulo=-5_000_000, alert_threshold_ulo=ALERT - 5_000_000, **changes
    )


@cache
def _base() -> RuleSet:
    return load_rule_set("1.0.0")


def scored(rule_set: RuleSet, weights: Sequence[dict[str, int]]) -> Scored:
    """Return what a rule set says that weighs so much on each purchase."""
    by_rule = {rule: np.array([one.get(rule, 0) for one in weights], dtype=np.int32) for rule in RULES}
    total = sum((one.astype(np.int64) for one in by_rule.values()), np.zeros(len(weights), dtype=np.int64))
    return Scored(rule_set, rule_set.prior_ulo + total, by_rule)


def case(
    rows: Sequence[Row],
    *,
    days: float = 2.0,
    as_of_h: float = 1000.0,
    against: Sequence[dict[str, int]] | None = None,
    plain: Sequence[dict[str, int]] | None = None,
    merchants: bool = True,
    rule_set: RuleSet | None = None,
    **more: Any,
) -> Backtest:
    """Return a backtest of those purchases, every label mature unless `as_of_h` is near."""
    event_us = START_US + np.array([one.hour * HOUR_US for one in rows], dtype=np.int64)
    purchases = Purchases(
        origin=Origin("file", "shop.csv", "a" * 64, len(rows) + 3, detail="mapping shop.yaml"),
        event_us=event_us,
        amount_minor=np.array([one.amount for one in rows], dtype=np.int64),
        fraud=np.array([one.fraud for one in rows], dtype=bool),
        known_us=event_us + np.array([one.known_h * HOUR_US for one in rows], dtype=np.int64),
        customer=np.array([one.customer for one in rows], dtype=np.int64),
        customers=[f"customer-{number}" for number in range(1 + max((one.customer for one in rows), default=0))],
        merchant=np.array([one.merchant for one in rows], dtype=np.int64) if merchants else None,
        merchants=[f"seller-{number}" for number in range(1 + max((one.merchant for one in rows), default=0))],
        as_of_us=START_US + round(as_of_h * HOUR_US),
        set_aside={"duplicate": 3},
        **more,
    )
    return Backtest(
        purchases,
        scored(rule_set or rules("2.0.0"), [one.weights for one in rows]),
        Period(START_US, START_US + round(days * DAY_US)),
        None if against is None else scored(rules("1.0.0"), against),
        None if plain is None else Training(START_US, 500, 40, scored(rules("0.0.3"), plain)),
    )


LAST_HOUR = 48 - 1e-9
"""So late on the second day that the two days are full."""

BY_HAND = (
    Row(0, 0, 1000, fraud=True, weights={"high_value": ALERT}),
    Row(1, 1, 9000),
    Row(2, 2, 2000, fraud=True),
    Row(3, 3, 500, weights={"velocity": ALERT}),
    Row(30, 0, 3000, fraud=True, weights={"high_value": ALERT, "velocity": ALERT}),
    Row(LAST_HOUR, 4, 100),
)
"""Three frauds of 6,000 together, two of them caught with 4,000; three alerts in two days, one of them false."""


def drawn(seed: int, customers: int = 120, each: int = 20, rate: float = 0.05) -> Backtest:
    """Return purchases of customers who differ: a fifth of them meets most of the fraud.

    The judged rule set alerts on 60 % of the frauds, the other one on 40 %, the fixed one on 20 %; all on 3 % of the
    rest.
    """
    rng = np.random.default_rng(seed)
    hard = rng.random(customers) < 0.2
    rows = []
    for hour in np.sort(rng.uniform(0, 480, customers * each)).tolist():
        customer = int(rng.integers(customers))
        fraud = bool(rng.random() < (4 * rate if hard[customer] else rate / 4))
        fires = rng.random() < (0.6 if fraud else 0.03)
        other = rng.random() < (0.3 if fraud else 0.02)
        rows.append(
            Row(
                hour,
                customer,
                int(rng.integers(100, 20_000)),
                fraud=fraud,
                weights={"high_value": ALERT * int(fires), "time_anomaly": 1_000_000 * int(other)},
                merchant=int(rng.integers(8)),
            )
        )
    against = [{"high_value": ALERT * int(rng.random() < (0.4 if one.fraud else 0.03))} for one in rows]
    plain = [{"high_value": ALERT * int(rng.random() < (0.2 if one.fraud else 0.03))} for one in rows]
    return case(rows, days=20, against=against, plain=plain)
