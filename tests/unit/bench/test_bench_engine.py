"""The measuring of the engine itself; how fast is for the benchmark to say, not for a test."""

from __future__ import annotations

from streamflow.bench.engine import HISTORY, measure
from streamflow.contracts.rule_sets import load_rule_set


def test_a_measurement_runs_the_engine_over_every_purchase() -> None:
    """Rate, share and sizes are of a run that took place."""
    speed = measure(load_rule_set("1.0.0"), 2_000, 50)
    assert speed.customers == 50
    assert speed.events_per_s > 0
    assert 0 < speed.decided < 0.5
    assert 100 < speed.state_bytes_p50 <= speed.state_bytes_p99 < 20_000


def test_customers_who_buy_nothing_any_more_have_a_state_as_well() -> None:
    """A thousand customers and ten purchases: the usual state is that of the history alone."""
    speed = measure(load_rule_set("1.0.0"), 10, 1_000)
    assert HISTORY > 10
    assert 100 < speed.state_bytes_p50 < 2_000


def test_the_same_purchases_are_measured_each_time() -> None:
    """So that two measurements measure the same work."""
    one, two = (measure(load_rule_set("1.1.0"), 1_000, 20) for _ in range(2))
    assert (one.decided, one.state_bytes_p50, one.state_bytes_p99) == (
        two.decided,
        two.state_bytes_p50,
        two.state_bytes_p99,
    )
