"""The measuring itself; how fast is for the benchmark to say, not for a test."""

from __future__ import annotations

from streamflow.replay.speed import measure, purchases


def test_a_measurement_runs_the_engine_over_every_purchase() -> None:
    """Rate, share and sizes are of a run that took place."""
    speed = measure(2_000, 50, runs=1)
    assert speed.customers == 50
    assert speed.events_per_s > 0
    assert 0 < speed.decided < 0.5
    assert 100 < speed.state_bytes_p50 <= speed.state_bytes_p99 < 20_000


def test_the_same_seed_gives_the_same_purchases_in_time_order() -> None:
    """So that two measurements measure the same work."""
    made = purchases(500, 20, 5)
    assert made == purchases(500, 20, 5)
    assert [item.event_time_us for item in made] == sorted(item.event_time_us for item in made)
