"""The log of the benchmark in which a share of purchases is late, and the detector that its rivals share."""

from __future__ import annotations

from itertools import pairwise

from streamflow.bench.detectors.late_log import with_late
from streamflow.bench.detectors.work import LATE, Detector, Task
from streamflow.bench.latency import only_purchases
from streamflow.contracts.rule_sets import CHECKOUT, load_rule_set
from streamflow.generator.records import Emission
from streamflow.generator.runs import plan_run
from streamflow.generator.simulation import Simulation
from streamflow.rules.model import Position
from streamflow.settings import load_settings

PURCHASES = 4000
SHARE = 0.1


def emissions() -> list[Emission]:
    """Return generated purchases."""
    plan = plan_run(load_settings(), purchases=PURCHASES, days=5, seed=3, fault_rate=0.0)
    return list(only_purchases(Simulation(plan).emissions(), PURCHASES))


def test_a_log_with_late_purchases_holds_the_same_purchases_on_a_clock_that_never_goes_back() -> None:
    """Only their order and their Kafka timestamps change."""
    plain = emissions()
    late = list(with_late(iter(plain), SHARE))
    assert len(late) == PURCHASES
    assert sorted(one.value or b"" for one in late) == sorted(one.value or b"" for one in plain)
    assert [one.value for one in late] != [one.value for one in plain]
    assert all(before.timestamp_ms <= after.timestamp_ms for before, after in pairwise(late))


def test_the_share_that_was_held_back_comes_late_to_the_detector_of_the_comparison() -> None:
    """So that the figure 'with late data' measures late data."""
    record = {
        "kind": "rule_set",
        "version": "1.0.0",
        "effective_from": "1970-01-01T00:00:00Z",
        "role": "live",
        "rule_set": load_rule_set("1.0.0").payload(),
    }
    detect = Detector(Task("", str(CHECKOUT), "USD", [record], "", "", {}))
    states: dict[bytes, bytes] = {}
    sent = []
    for offset, one in enumerate(with_late(iter(emissions()), SHARE)):
        body = one.value or b""
        states[one.key], new = detect(one.key, body, one.timestamp_ms, Position(0, offset), states.get(one.key))
        sent += [each.topic for each in new]
    assert 0.3 * SHARE < sent.count(LATE) / PURCHASES < SHARE * 1.2
