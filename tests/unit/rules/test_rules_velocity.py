"""velocity: how many purchases lie in (t - window, t]."""

from __future__ import annotations

import pytest

from streamflow.rules.history import HISTORY_LIMIT
from tests.unit.rules.rule_cases import Customer, band, buy, published, reach, rule_set

MEASURES = {"purchases": {"unit": "purchases", "digits": 0, "bands": [band(3)]}}


@pytest.mark.parametrize(
    ("last", "fires"),
    [
        # 10:00:00                          10:10:00
        #   1     2     3     4     5          6       six in ten minutes and no more: the first lies on the open edge
        ("10:10:00", False),
        ("10:09:59.999999", True),
        ("10:10:00.000001", False),
    ],
)
def test_velocity_fires_on_the_sixth_purchase_in_ten_minutes_and_not_at_the_edge(last: str, fires: bool) -> None:
    """The window is open on its left and closed on its right, to the microsecond."""
    five = [buy(f"t{minute}", f"10:{2 * minute:02d}:00") for minute in range(5)]
    assert Customer().fires("velocity", *five, buy("t6", last)) is fires


def test_velocity_counts_two_purchases_with_the_same_timestamp_in_the_order_of_their_ids() -> None:
    """Of six at one instant the one with the greatest id is the sixth, however they arrive."""
    customer = Customer()
    customer.sent(*(buy(name, "10:00:00") for name in ("t3", "t6", "t1", "t5", "t2", "t4")))
    weighed = {key[0]: item.lines[1].weight_ulo for key, item in customer.final.items()}
    assert [name for name, weight in weighed.items() if weight] == ["t6"]


def test_velocity_names_the_purchases_in_the_window_as_evidence() -> None:
    """Five earlier ones, and not the one before the window."""
    customer = Customer()
    sent = customer.sent(buy("old", "09:00:00"), *(buy(f"t{n}", f"10:0{n}:00") for n in range(6)))
    assert sent[-1].decision.evidence == ("t0", "t1", "t2", "t3", "t4")


def test_velocity_explains_itself_in_a_sentence() -> None:
    """Count, window and the largest count that is fine."""
    line = Customer().line("velocity", *(buy(f"t{n}", f"10:0{n}:00") for n in range(6)))
    assert line is not None
    assert line.sentence == "6 purchases in 10 minutes; the limit is 5"
    assert (line.observed, line.limit, line.unit, line.measure) == (6, 6, "purchases", "purchases")


def test_velocity_counts_flagged_purchases_too() -> None:
    """A burst goes on firing while it lasts."""
    customer = Customer()
    sent = customer.sent(*(buy(f"t{n}", f"10:00:{n:02d}") for n in range(10)))
    assert [item.decision.transaction_id for item in sent] == ["t5", "t6", "t7", "t8", "t9"]


def test_velocity_counts_no_further_than_state_reaches_and_says_so() -> None:
    """A customer with hundreds of purchases in ten minutes has a bounded state and an honest sentence."""
    customer = Customer(horizons=reach(max_pending=16))
    purchases = [buy(f"t{n:04d}", f"10:{n // 60:02d}:{n % 60:02d}") for n in range(HISTORY_LIMIT + 50)]
    last = customer.sent(*purchases)[-1].decision
    assert last.lines[1].observed == HISTORY_LIMIT + 1
    assert last.lines[1].sentence == "257 or more purchases in 10 minutes; the limit is 5"
    assert len(last.evidence) == HISTORY_LIMIT
    assert customer.state is not None
    assert len(customer.state) < 30_000


def test_a_window_of_a_day_sees_the_whole_day() -> None:
    """State reaches as far as the horizons say, whatever the rule set in force needed before."""
    record = published(rule_set(velocity__window_s=86_400, velocity__measures=MEASURES))
    day = [buy("a", "2026-03-01T10:00:00.000001Z"), buy("b", "2026-03-01T22:00:00Z"), buy("c", "10:00:00")]
    assert Customer(record).fires("velocity", *day)
