"""Generated histories: a few customers, crowded times, every rule within reach."""

from __future__ import annotations

import random
from dataclasses import dataclass

from hypothesis import strategies as st

from streamflow.contracts.rule_sets import Horizons, load_horizons, load_rule_set
from streamflow.rules.book import RuleBook
from streamflow.rules.engine import Engine
from streamflow.rules.model import Decided, Decision, Outcome, Position, Purchase

START_US = 1_772_000_000_000_000
SECOND_US = 1_000_000
PLACES = ((48.85, 2.35), (48.9, 2.4), (40.4, -3.7), (0.0, 179.9), (0.0, -179.9), (None, None), (48.0, None))

Key = tuple[str, str, str]


def horizons(**changes: int) -> Horizons:
    """Return the shipped horizons with `changes`."""
    shipped = load_horizons()
    return Horizons(**{name: getattr(shipped, name) for name in shipped.__struct_fields__} | changes)


def book() -> RuleBook:
    """Return a book with a live rule set, a shadow, a change half an hour in, and a merchant listed twice."""
    one = load_rule_set("1.0.0").payload()
    two = one | {"version": "1.1.0", "alert_threshold_ulo": 4_000_000}
    three = one | {"version": "1.2.0", "prior_ulo": -5_000_000}
    early, late = "1970-01-01T00:00:00Z", "2026-02-25T06:45:00Z"
    sets = [
        {"kind": "rule_set", "version": "1.0.0", "effective_from": early, "role": "live", "rule_set": one},
        {"kind": "rule_set", "version": "1.1.0", "effective_from": early, "role": "shadow", "rule_set": two},
        {"kind": "rule_set", "version": "1.2.0", "effective_from": late, "role": "live", "rule_set": three},
    ]
    spans = [("e1", early, "2026-02-25T06:20:00Z"), ("e2", "2026-02-25T06:40:00Z", None)]
    entries = [
        {
            "kind": "blacklist",
            "entry_id": name,
            "merchant_id": "m0",
            "valid_from": since,
            "valid_to": until,
            "reason": "chargebacks",
            "origin": "manual",
            "risk": None,
            "effective_from": since,
        }
        for name, since, until in spans
    ]
    return RuleBook.from_records([*sets, *entries])


@st.composite
def histories(draw: st.DrawFn, customers: int = 3, longest: int = 60) -> list[Purchase]:
    """Draw purchases in event time order: bursts, pauses, ties, far places, odd hours, big amounts, a listed shop."""
    seed = draw(st.integers(0, 2**32 - 1))
    length = draw(st.integers(1, longest))
    # Hypothesis draws the shape; a seeded generator fills it in, which shrinks to fewer purchases first.
    return history_of(random.Random(seed), length, customers)  # noqa: S311


def history_of(rng: random.Random, length: int, customers: int) -> list[Purchase]:
    """Return purchases in event time order, as `histories` draws them."""
    time_us = START_US
    purchases = []
    for number in range(length):
        time_us += rng.choice((0, 0, 1, SECOND_US, 7 * SECOND_US, 40 * SECOND_US, 300 * SECOND_US, 5_000 * SECOND_US))
        latitude, longitude = rng.choice(PLACES)
        purchases.append(
            Purchase(
                f"c{rng.randrange(customers)}",
                f"t{number:03d}",
                time_us,
                rng.choice((100, 900, 1_000, 1_100, 3_000, 5_000, 90_000)),
                rng.choice((None, 0, 60, -300)),
                rng.choice((None, "m0", "m1")),
                latitude,
                longitude,
                number,
            )
        )
    return purchases


@dataclass
class Run:
    """What a log led to."""

    outcomes: list[list[Outcome]]
    states: dict[str, bytes | None]

    @property
    def final(self) -> dict[Key, Decision]:
        """The last decision sent about each purchase and rule set."""
        return {
            (item.decision.customer_id, item.decision.transaction_id, item.decision.rule_set): item.decision
            for outcomes in self.outcomes
            for item in outcomes
            if isinstance(item, Decided)
        }

    @property
    def standing(self) -> dict[Key, bytes]:
        """Canonical bytes of the decisions that still say something at the end."""
        return {key: item.canonical_bytes() for key, item in self.final.items() if item.fired}

    @property
    def alerts(self) -> set[str]:
        """Ids of the alerts that stand at the end, as a reader of fraud-alerts alone would see them."""
        standing: set[str] = set()
        for outcomes in self.outcomes:
            for item in outcomes:
                if isinstance(item, Decided) and item.to_alerts:
                    change = standing.discard if item.decision.alert_status == "withdrawn" else standing.add
                    change(item.decision.alert_id)
        return standing

    @property
    def kinds(self) -> list[str]:
        """Dispositions in the order of the log."""
        return [outcomes[0].kind for outcomes in self.outcomes]


def run(log: list[Purchase], limits: Horizons | None = None, *, keep_decoded: set[int] | None = None) -> Run:
    """Run a log; after every record whose number is not in `keep_decoded` the state passes through bytes."""
    from streamflow.rules.history import CustomerState, decode, encode

    engine = Engine(book(), limits or horizons())
    states: dict[str, CustomerState] = {}
    outcomes = []
    for number, purchase in enumerate(log):
        state = states.setdefault(purchase.customer_id, CustomerState())
        outcomes.append(engine.process_state(state, purchase, Position(0, number)))
        if keep_decoded is None or number not in keep_decoded:
            states[purchase.customer_id] = decode(encode(state))
    return Run(outcomes, {customer: encode(state) for customer, state in states.items()})
