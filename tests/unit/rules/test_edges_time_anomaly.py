"""time_anomaly under the shipped rule sets: two deviations after ten purchases by 1.0.0, after twenty by 1.1.0."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from streamflow.rules.model import Purchase
from tests.unit.rules.edge_cases import CALIBRATED, SEED, arrive, shipped
from tests.unit.rules.rule_cases import buy

FIRST = datetime(2026, 3, 1, tzinfo=UTC)


def days(*clocks: str, utc_offset_min: int | None = None, first: int = 0) -> list[Purchase]:
    """Return one purchase a day at these hours of UTC."""
    return [
        buy(
            f"t{first + day:03d}",
            f"{FIRST + timedelta(days=first + day):%Y-%m-%d}T{clock}:00Z",
            utc_offset_min=utc_offset_min,
        )
        for day, clock in enumerate(clocks)
    ]


@pytest.mark.parametrize(("clock", "fires"), [("15:00", True), ("14:59", False), ("13:00", True), ("13:01", False)])
def test_two_deviations_are_an_hour_for_a_customer_who_always_buys_at_two(clock: str, fires: bool) -> None:
    """The least deviation is 30 minutes, so that a punctual customer may be a little late.

    days 1 to 10   14:00                                rule set 1.0.0: deviation 0, taken as 30 min
    day 11         14:59  59 min, 1.9667: silent
                   15:00  60 min, 2: alert
    """
    assert shipped(SEED).fires("time_anomaly", *days(*["14:00"] * 10, clock)) is fires


@pytest.mark.parametrize(("version", "needed"), [(SEED, 10), (CALIBRATED, 20)])
def test_a_habit_needs_its_purchases_and_a_first_purchase_ever_has_none(version: str, needed: int) -> None:
    """Until then the rule is not applicable and weighs nothing.

    purchase   1 ... 9   at 14:00, the 10th at 02:00    rule set 1.0.0: nine before it, silent
               1 ... 10  at 14:00, the 11th at 02:00    ten before it: alert
    rule set 1.1.0 needs twenty
    """
    assert shipped(version).sent(*days("02:00")) == []
    assert not shipped(version).fires("time_anomaly", *days(*["14:00"] * (needed - 1), "02:00"))
    assert shipped(version).fires("time_anomaly", *days(*["14:00"] * needed, "02:00"))


@pytest.mark.parametrize(("clock", "fires"), [("00:00", False), ("23:05", False), ("12:00", True)])
def test_midnight_lies_between_half_past_eleven_and_half_past_twelve(clock: str, fires: bool) -> None:
    """Hours lie on a circle: 23:30 and 00:30 are an hour apart, and their mean is midnight.

             23:30   00:00   00:30
    ...--------x-------+-------x-----...                days 1 to 10 in turns: mean 00:00, deviation 30 min
    day 11: 23:05 is 55 min off: silent; 12:00 is 12 h off: alert
    """
    assert shipped(SEED).fires("time_anomaly", *days(*["23:30", "00:30"] * 5, clock)) is fires


@pytest.mark.parametrize(("version", "needed"), [(SEED, 10), (CALIBRATED, 20)])
@pytest.mark.parametrize(("clock", "fires"), [("03:20", False), ("15:00", True)])
def test_a_night_worker_is_usual_at_night_and_unusual_by_day(
    version: str, needed: int, clock: str, fires: bool
) -> None:
    """What is odd is odd for this customer.

    days before   02:50, 03:10 in turns                 both rule sets
    then          03:20: silent    15:00: alert
    """
    assert shipped(version).fires("time_anomaly", *days(*["02:50", "03:10"] * (needed // 2), clock)) is fires


def test_a_customer_who_moved_house_keeps_the_hours_of_the_new_clock() -> None:
    """Hours are local where the record says so; a record without its offset is read as UTC.

    days 1 to 10   14:00 at UTC+9  = 05:00 UTC
    day 11         14:00 at UTC+1  = 13:00 UTC          with utc_offset_min 60: silent
                                                        without: 13:00 is an hour off, 2 deviations: alert
    """
    before = days(*["05:00"] * 10, utc_offset_min=540)
    assert not shipped(SEED).fires("time_anomaly", *before, *days("13:00", utc_offset_min=60, first=10))
    assert shipped(SEED).fires("time_anomaly", *before, *days("13:00", first=10))


def test_the_clock_change_moves_nobody() -> None:
    """The offset of summer time comes with the record.

    days 1 to 10   14:00 at UTC+1  = 13:00 UTC
    day 11         14:00 at UTC+2  = 12:00 UTC          silent
    """
    before = days(*["13:00"] * 10, utc_offset_min=60)
    assert not shipped(SEED).fires("time_anomaly", *before, *days("12:00", utc_offset_min=120, first=10))


def test_two_events_of_the_same_millisecond_are_one_after_the_other() -> None:
    """The smaller id comes first and is part of the other's history.

    days 1 to 9    14:00                                rule set 1.0.0
    day 10         02:00:00.125 a and b                 a has nine before it: silent; b has ten, a among them: alert
    """
    at_once = "2026-03-10T02:00:00.125Z"
    for order in (("a", "b"), ("b", "a")):
        customer = shipped(SEED)
        customer.sent(*days(*["14:00"] * 9), *(buy(name, at_once) for name in order))
        weighed = {key[0] for key, item in customer.final.items() if item.lines[3].weight_ulo}
        assert weighed == {"b"}, order


def test_a_refund_makes_no_habit() -> None:
    """A dead letter is no purchase.

    days 1 to 9    14:00, and a refund each             rule set 1.0.0
    day 10         02:00                                nine before it: silent
    """
    assert arrive("14:00:00", amount_minor=-1000)[0] == "out_of_range"
    assert not shipped(SEED).fires("time_anomaly", *days(*["14:00"] * 9, "02:00"))


def test_a_customer_without_habits_is_never_odd() -> None:
    """Hours that cancel out have no mean worth the name; the deviation is too wide for anything to stand out.

    days 1 to 12   00:00, 06:00, 12:00, 18:00 in turns  both rule sets
    then           any hour: silent
    """
    everywhere = ["00:00", "06:00", "12:00", "18:00"] * 6
    for version in (SEED, CALIBRATED):
        for clock in ("03:00", "09:00", "15:00", "21:00"):
            assert not shipped(version).fires("time_anomaly", *days(*everywhere, clock))


def test_who_buys_at_the_customers_usual_hour_is_never_seen() -> None:
    """The evasion: a thief who knows the hours keeps them.

    days 1 to 10   14:00
    day 11         14:10, the card stolen               silent
    """
    assert not shipped(SEED).fires("time_anomaly", *days(*["14:00"] * 10, "14:10"))
