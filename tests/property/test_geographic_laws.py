"""The short way of the geographic rule finds what the long way finds."""

from __future__ import annotations

from hypothesis import given, settings, target
from hypothesis import strategies as st

from streamflow.contracts.rule_sets import load_rule_set
from streamflow.rules.compiler import compile_rule_set
from streamflow.rules.history import CustomerState
from streamflow.rules.model import Purchase
from tests.property.law_cases import SECOND_US, START_US

VERSIONS = ("1.0.0", "1.1.0")
"""One without bands of speed, one with."""
RULES = {version: compile_rule_set(load_rule_set(version)).geographic for version in VERSIONS}
places = st.tuples(st.floats(-90, 90, width=32), st.floats(-180, 180, width=32))
near = st.tuples(st.floats(48.0, 49.5), st.floats(2.0, 4.0))


def purchase(number: int, second: int, place: tuple[float, float] | None) -> Purchase:
    """Return a purchase at a place."""
    latitude, longitude = place or (None, None)
    return Purchase("c", f"t{number}", START_US + second * SECOND_US, 100, None, None, latitude, longitude, number)


@given(st.lists(st.tuples(st.integers(0, 4000), st.none() | places | near), min_size=2, max_size=6))
@settings(max_examples=300, deadline=None)
def test_the_weight_found_the_short_way_is_that_of_the_explained_line(
    drawn: list[tuple[int, tuple[float, float] | None]],
) -> None:
    """`evaluate` leaves out journeys that reach no band; `line` computes them all."""
    state = CustomerState()
    history = [purchase(number, *one) for number, one in enumerate(sorted(drawn, key=lambda one: one[0]))]
    for one in history[:-1]:
        state.append(one)
    weights = []
    for rule in RULES.values():
        weights.append(rule.evaluate(history[-1], state, len(history) - 1))
        assert weights[-1] == rule.line(history[-1], state, len(history) - 1).weight_ulo
    target(float(max(weights)))


def test_both_ways_meet_journeys_that_fire_and_journeys_that_do_not() -> None:
    """The law above would hold for a rule that never fires."""
    found = set()
    for version, rule in RULES.items():
        for degrees in (0.01, 0.5, 3.0, 60.0):
            state = CustomerState()
            state.append(purchase(0, 0, (10.0, 10.0)))
            found.add((version, rule.evaluate(purchase(1, 1800, (10.0 + degrees, 10.0)), state, 1) > 0))
    assert found == {(version, fires) for version in VERSIONS for fires in (True, False)}
