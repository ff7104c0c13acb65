"""Laws of judging late purchases, for every history."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from streamflow.replay.late import Timeline, late_engine
from streamflow.rules.model import Decided, Decision, Position, Purchase
from tests.property.law_cases import book, histories, horizons


def plainly(before: list[Purchase], purchase: Purchase) -> list[Decision]:
    """Judge a purchase by running everything before it from nothing."""
    engine = late_engine(book(), horizons())
    mine = [item for item in before if item.customer_id == purchase.customer_id]
    order = sorted(mine, key=lambda item: (item.event_time_us, item.transaction_id))
    state = None
    key = purchase.event_time_us, purchase.transaction_id
    for item in order:
        if (item.event_time_us, item.transaction_id) < key:
            state, _ = engine.process(state, item, Position(0, 0))
    _, outcomes = engine.process(state, purchase, Position(0, 0))
    return [one.decision for one in outcomes if isinstance(one, Decided)]


@given(histories(), st.randoms(use_true_random=False), st.integers(1, 7))
@settings(max_examples=100, deadline=None)
def test_kept_states_say_the_same_as_a_run_from_nothing(log: list[Purchase], rng: object, every: int) -> None:
    """Whatever the order of arrival, and wherever states are kept."""
    arrived = list(log)
    rng.shuffle(arrived)  # type: ignore[attr-defined]
    timelines: dict[str, Timeline] = {}
    judged = 0
    for place, purchase in enumerate(arrived):
        timeline = timelines.setdefault(
            purchase.customer_id, Timeline(late_engine(book(), horizons()), checkpoint_every=every)
        )
        assert timeline.judge(purchase) == plainly(arrived[:place], purchase)
        timeline.add(purchase)
        judged += 1
    assert judged == len(log)
