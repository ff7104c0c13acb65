"""Late purchases are judged by the state of their own time."""

from __future__ import annotations

import pytest

from streamflow.replay.late import Timeline, late_engine
from streamflow.rules.engine import Engine
from streamflow.rules.model import Decided, Decision, Position, Purchase
from tests.property.law_cases import SECOND_US, book, horizons

NINE_US = 1_772_442_000_000_000
"""2026-03-02 09:00 UTC."""


def buy(name: str, minute: float, amount_minor: int = 1000) -> Purchase:
    """Return a purchase of c1, so many minutes after nine."""
    return Purchase("c1", name, NINE_US + round(minute * 60 * SECOND_US), amount_minor, None, None, None, None, 0)


def fired(decisions: list[Decision]) -> set[str]:
    """Return the rules that weigh in the live decision."""
    return {rule for one in decisions if one.role == "live" for rule in one.fired}


def test_a_late_purchase_that_is_the_sixth_in_ten_minutes_fires_velocity() -> None:
    """The stream had passed its time by, so only the batch can say so.

    minute   0  1  2  3  4  30   then, late: 5
    """
    timeline = Timeline(late_engine(book(), horizons()))
    for minute in (0, 1, 2, 3, 4, 30):
        timeline.add(buy(f"t{minute}", minute))
    assert "velocity" in fired(timeline.judge(buy("late", 5)))
    assert "velocity" not in fired(timeline.judge(buy("late", 29)))


def test_what_comes_after_it_in_event_time_says_nothing_about_a_late_purchase() -> None:
    """Five purchases within the minutes after it are the future of that moment."""
    timeline = Timeline(late_engine(book(), horizons()))
    for minute in (6, 7, 8, 9, 10, 30):
        timeline.add(buy(f"t{minute}", minute))
    assert timeline.judge(buy("late", 5)) == []


def test_a_late_purchase_counts_as_history_of_later_late_ones() -> None:
    """Five late purchases, one after another, and the sixth fires."""
    timeline = Timeline(late_engine(book(), horizons()))
    timeline.add(buy("tip", 60))
    judged = []
    for minute in range(6):
        late = buy(f"late{minute}", minute)
        judged.append("velocity" in fired(timeline.judge(late)))
        timeline.add(late)
    assert judged == [False] * 5 + [True]


@pytest.mark.parametrize("bound_s", [0, 60])
def test_many_purchases_of_one_moment_are_all_judged(bound_s: int) -> None:
    """For the stream, the last of them would stand at a watermark that reached their moment."""
    limits = horizons(max_pending=2, max_out_of_orderness_s=bound_s)
    timeline = Timeline(late_engine(book(), limits))
    for number in range(20):
        timeline.add(buy(f"t{number:02}", 0))
    assert "velocity" in fired(timeline.judge(buy("t99", 0)))


def test_a_late_purchase_within_the_bound_would_get_the_decision_of_the_stream() -> None:
    """The same engine says the same as the stream, where the stream has something to say."""
    log = [buy(f"t{minute}", minute) for minute in range(5)]
    engine = Engine(book(), horizons())
    state = None
    for number, one in enumerate(log):
        state, _ = engine.process(state, one, Position(0, number))
    _, outcomes = engine.process(state, buy("x", 4.5), Position(0, 9))
    timeline = Timeline(late_engine(book(), horizons()))
    for one in log:
        timeline.add(one)
    judged = [one.canonical_bytes() for one in timeline.judge(buy("x", 4.5))]
    assert len(judged) == 2
    assert [one.decision.canonical_bytes() for one in outcomes if isinstance(one, Decided)] == judged
