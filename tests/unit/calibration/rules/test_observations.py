"""What a calibration observes is what the rules observe: the same numbers, from the same engine."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import numpy as np
import pytest

from streamflow.contracts.rule_sets import Band, RuleSet, load_horizons, load_rule_set
from streamflow.datasets.table import PurchaseTable
from streamflow.replay.observations import NOTHING, Observations, _purchases, observe
from streamflow.rules.book import Activation, RuleBook
from streamflow.rules.compiler import compile_rule_set
from streamflow.rules.engine import Engine
from streamflow.rules.history import CustomerState
from streamflow.rules.model import Decided, Line, Position
from tests.unit.calibration.rules.tables import raw_shop

pytestmark = pytest.mark.unit

PURCHASES = 4000


def telling() -> RuleSet:
    """Return a rule set in which every purchase reaches a band of velocity, so that each has a decision."""
    base = load_rule_set("1.0.0")
    low = Band(id="all", at_least=1, weight_ulo=1, status="assumed")
    velocity = base.rules.velocity
    counts = msgspec.structs.replace(velocity.measures.purchases, bands=(low,))
    measures = msgspec.structs.replace(velocity.measures, purchases=counts)
    rules = msgspec.structs.replace(base.rules, velocity=msgspec.structs.replace(velocity, measures=measures))
    return msgspec.structs.replace(base, rules=rules, alert_threshold_ulo=50_000_000)


def lines_of(table: PurchaseTable, rule_set: RuleSet) -> dict[int, dict[str, Line]]:
    """Run the stream's own engine; return the lines of each row's last decision, by rule."""
    book = RuleBook({rule_set.version: compile_rule_set(rule_set)}, [Activation(0, rule_set.version, "live")])
    engine = Engine(book, load_horizons())
    states: dict[str, CustomerState] = {}
    found: dict[int, dict[str, Line]] = {}
    for offset, purchase in enumerate(_purchases(table)):
        state = states.setdefault(purchase.customer_id, CustomerState())
        for outcome in engine.process_state(state, purchase, Position(0, offset)):
            if isinstance(outcome, Decided):
                row = int(outcome.decision.transaction_id)
                found[row] = {line.rule: line for line in outcome.decision.lines}
    return found


@pytest.fixture(scope="module")
def shop() -> PurchaseTable:
    """A small simulated shop."""
    return raw_shop(PURCHASES)


@pytest.fixture(scope="module")
def seen(shop: PurchaseTable) -> Observations:
    """What the rules observe of it, under the windows of rule set 1.0.0 and others."""
    return observe(shop, telling(), load_horizons(), windows=(600, 3600, 86_400))


def test_every_purchase_is_observed_as_the_engine_explains_it(shop: PurchaseTable, seen: Observations) -> None:
    """Ratio, count, distance and deviation of each row equal the lines of its decision."""
    lines = lines_of(shop, telling())
    assert len(lines) == int(seen.scored.sum()) == len(shop) >= PURCHASES
    ratio, deviation = seen.ratio_from(3), seen.deviation(30, 10, 10_000)
    compared = dict.fromkeys(("high_value", "velocity", "geographic", "time_anomaly"), 0)
    for row, mine in lines.items():
        observed: dict[str, Any] = {
            "high_value": (ratio[row], 10_000),
            "velocity": (seen.purchases[600][row], 1),
            "geographic": (seen.distance[3600][row], 1000),
            "time_anomaly": (deviation[row], 10_000),
        }
        for rule, (scaled, scale) in observed.items():
            line = mine[rule]
            if line.observed is None:
                assert scaled == NOTHING, (rule, row)
            else:
                assert line.observed == pytest.approx(scaled / scale, abs=1e-12), (rule, row)
                compared[rule] += 1
    assert min(compared.values()) > 200, compared


def test_a_longer_window_never_sees_less(seen: Observations) -> None:
    """Counts, distances and speeds do not fall as the window grows."""
    for measure in (seen.purchases, seen.distance, seen.speed):
        assert (measure[600] <= measure[3600]).all()
        assert (measure[3600] <= measure[86_400]).all()
        assert (measure[600] < measure[86_400]).any()


def test_what_a_rule_set_flags_does_not_raise_the_mean(shop: PurchaseTable, seen: Observations) -> None:
    """Under a rule set that flags, ratios after a flagged purchase are larger than under one that flags nothing."""
    flagging = observe(shop, load_rule_set("1.0.0"), load_horizons(), windows=(600, 3600))
    assert (flagging.legitimate <= seen.legitimate).all()
    assert (flagging.legitimate < seen.legitimate).any()


def test_rows_are_taken_in_the_order_of_event_time_whatever_the_file_says(shop: PurchaseTable) -> None:
    """A shuffled file gives the same observations, row by row."""
    order = np.random.default_rng(1).permutation(len(shop))
    fields = {
        field.name: getattr(shop, field.name)[order]
        for field in dataclasses.fields(shop)
        if isinstance(getattr(shop, field.name), np.ndarray)
    }
    codes = {
        name: dataclasses.replace(getattr(shop, name), codes=getattr(shop, name).codes[order])
        for name in ("customer", "merchant")
    }
    shuffled = observe(dataclasses.replace(shop, **fields, **codes), telling(), load_horizons(), windows=(600,))
    straight = observe(shop, telling(), load_horizons(), windows=(600,))
    assert (shuffled.purchases[600] == straight.purchases[600][order]).mean() > 0.999
    assert (shuffled.earlier == straight.earlier[order]).mean() > 0.999
