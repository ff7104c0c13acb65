"""velocity under the shipped rule sets: six in ten minutes by 1.0.0, four by 1.1.0."""

from __future__ import annotations

import itertools

import pytest

from tests.unit.rules.edge_cases import CALIBRATED, SEED, arrive, shipped, taken
from tests.unit.rules.rule_cases import buy


@pytest.mark.parametrize(("clock", "fires"), [("10:10:00", False), ("10:09:59.999", True), ("10:10:00.001", False)])
def test_the_sixth_purchase_exactly_ten_minutes_after_the_first_is_the_fifth_in_its_window(
    clock: str, fires: bool
) -> None:
    """The window is open where it begins: the first purchase lies on that edge and is not counted.

    10:00:00  10:02  10:04  10:06  10:08  10:10:00      rule set 1.0.0
        1       2      3      4      5       6
        (----------------------------------- ]          holds 2 to 6: five, no alert
        one millisecond earlier it holds six: alert
    """
    five = [buy(f"t{n}", f"10:{2 * n:02d}:00") for n in range(5)]
    customer = shipped(SEED)
    assert customer.fires("velocity", *five, buy("t6", clock)) is fires


@pytest.mark.parametrize(("clock", "weight_ulo"), [("10:10:00", 546_000), ("10:09:59.999", 3_115_000)])
def test_the_calibrated_rule_set_draws_the_same_edge_at_its_fourth_purchase(clock: str, weight_ulo: int) -> None:
    """Three in the window weigh little, four weigh most.

    10:00:00     10:03        10:06        10:10:00     rule set 1.1.0
        1          2            3              4
        (------------------------------------- ]        holds 2 to 4: three, band from_3
        one millisecond earlier it holds four: band from_4
    """
    line = shipped(CALIBRATED).line(
        "velocity", buy("a", "10:00:00"), buy("b", "10:03:00"), buy("c", "10:06:00"), buy("d", clock)
    )
    assert line is not None
    assert line.weight_ulo == weight_ulo


@pytest.mark.parametrize("version", [SEED, CALIBRATED])
def test_a_first_purchase_ever_counts_itself_and_says_nothing(version: str) -> None:
    """One purchase is no burst; no decision is written.

    10:00:00
        1                                               one in the window
    """
    assert shipped(version).sent(buy("only", "10:00:00")) == []


def test_midnight_is_no_edge() -> None:
    """The window is ten minutes of event time, whatever the calendar says.

    23:55  23:56  23:57  | 00:01  00:02  00:03          rule set 1.0.0
      1      2      3    |   4      5      6            six within eight minutes: alert
    """
    clocks = [f"2026-03-02T23:{m}:00Z" for m in (55, 56, 57)] + [f"2026-03-03T00:0{m}:00Z" for m in (1, 2, 3)]
    assert shipped(SEED).fires("velocity", *(buy(f"t{n}", clock) for n, clock in enumerate(clocks)))


def test_of_six_in_the_same_millisecond_the_one_with_the_greatest_id_is_the_sixth() -> None:
    """Equal times are ordered by transaction_id, so the order of arrival decides nothing.

    10:00:00.125
      t1 t2 t3 t4 t5 t6                                 in whatever order they arrive: t6 alerts, alone
    """
    names = [f"t{n}" for n in range(1, 7)]
    for order in [*itertools.permutations(names[:3]), tuple(reversed(names))]:
        customer = shipped(SEED)
        arriving = [*order, *(name for name in names if name not in order)]
        customer.sent(*(buy(name, "10:00:00.125") for name in arriving))
        fired = {key[0] for key, item in customer.final.items() if item.is_alert}
        assert fired == {"t6"}, arriving


def test_a_refund_is_no_purchase_and_is_not_counted() -> None:
    """Amounts below one minor unit are dead letters, so the rule never meets one.

    10:00   10:01   10:02   10:03   10:04   10:05       rule set 1.0.0
      1       2       3       4     refund    5         five purchases in the window: no alert
    """
    customer = shipped(SEED)
    arrivals = [arrive(f"10:0{minute}:00", amount_minor=-1000 if minute == 4 else 1000) for minute in range(6)]
    assert taken(customer, *arrivals) == ["out_of_range"]
    assert customer.final == {}
    assert customer.fires("velocity", buy("sixth", "10:06:00"))


@pytest.mark.parametrize(("seconds", "fires"), [(120, False), (119, True)])
def test_who_buys_every_two_minutes_is_never_seen(seconds: int, fires: bool) -> None:
    """The evasion of every window: a step of a fifth of it keeps five inside.

    every 120 s    1    2    3    4    5    6 ...       five in any ten minutes: silent for ever
    every 119 s    1    2    3    4    5    6           the sixth is 595 s after the first: alert
    """
    customer = shipped(SEED)
    clocks = [divmod(n * seconds, 60) for n in range(25)]
    sent = customer.sent(
        *(buy(f"t{n:02d}", f"10:{minute:02d}:{second:02d}") for n, (minute, second) in enumerate(clocks))
    )
    assert bool(sent) is fires
    assert len(clocks) == 25


def test_a_purchase_that_comes_late_but_in_time_makes_the_one_after_it_the_sixth() -> None:
    """Within the bound of 60 s the order of arrival does not matter: the decision is made again.

    event time   10:00:00  :10  :20  :30  :40  :50      rule set 1.0.0
    arrives          1      2    3    5    4    6       when :30 comes, :40 holds five; when :50 comes, six
    """
    customer = shipped(SEED)
    for name, clock in (("a", "00"), ("b", "10"), ("c", "20"), ("e", "40"), ("f", "50")):
        assert customer.sent(buy(name, f"10:00:{clock}")) == []
    late = customer.sent(buy("d", "10:00:30"))
    assert [(item.decision.transaction_id, item.decision.is_alert) for item in late] == [("f", True)]
