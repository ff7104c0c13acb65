"""time_anomaly: the hours at which a customer buys, round the clock."""

from __future__ import annotations

import math

import pytest

from streamflow.rules.model import Purchase
from streamflow.rules.time_anomaly import COS, SIN
from tests.unit.rules.rule_cases import Customer, buy


def habit(*clocks: str, utc_offset_min: int | None = None) -> list[Purchase]:
    """Return a purchase a day at the given local hours, the last one on the last day."""
    return [
        buy(f"t{day}", f"2026-03-{day + 1:02d}T{clock}:00Z", utc_offset_min=utc_offset_min)
        for day, clock in enumerate(clocks)
    ]


@pytest.mark.parametrize(
    ("clocks", "fires"),
    [
        (("14:00", "14:10", "13:50", "14:05", "13:55", "14:30"), False),
        (("14:00", "14:10", "13:50", "14:05", "13:55", "15:00"), True),  # min_sigma_min 30: 60 minutes are two
        (("14:00", "14:10", "13:50", "14:05", "13:55", "14:59"), False),
        (("14:00", "14:10", "13:50", "14:05", "13:55", "03:00"), True),
        # Midnight: 23:30 and 00:30 are an hour apart, and 00:00 lies between them.
        (("23:30", "00:30", "23:40", "00:20", "00:00", "00:10"), False),
        (("23:30", "00:30", "23:40", "00:20", "00:00", "23:50"), False),
        (("23:30", "00:30", "23:40", "00:20", "00:00", "12:00"), True),
        # A night worker: three in the morning is usual, three in the afternoon is not.
        (("02:50", "03:10", "03:00", "02:55", "03:05", "03:20"), False),
        (("02:50", "03:10", "03:00", "02:55", "03:05", "15:00"), True),
        # No habit at all: hours that cancel out have a deviation too wide for anything to stand out.
        (("00:00", "06:00", "12:00", "18:00", "00:00", "12:00"), False),
        (("00:00", "12:00", "06:00", "18:00", "03:00", "15:00"), False),
    ],
)
def test_time_anomaly_fires_from_two_deviations_round_the_clock(clocks: tuple[str, ...], fires: bool) -> None:
    """Habits, midnight, night work, and no habit."""
    assert Customer().fires("time_anomaly", *habit(*clocks)) is fires


def test_hours_that_cancel_out_exactly_are_no_error() -> None:
    """Noon and midnight alternating have no mean direction; nothing deviates from it."""
    clocks = ("00:00", "12:00") * 3
    customer = Customer()
    assert not customer.fires("time_anomaly", *habit(*clocks, "07:00"))


def test_time_anomaly_needs_its_history() -> None:
    """Four purchases are no habit yet."""
    assert not Customer().fires("time_anomaly", *habit("14:00", "14:00", "14:00", "14:00", "03:00"))


def test_hours_are_the_customers_own() -> None:
    """At UTC+9, 05:00 UTC is the afternoon; a purchase at 05:00 local time stands out."""
    afternoons = habit("05:00", "05:10", "04:50", "05:05", "04:55", utc_offset_min=540)
    assert not Customer().fires("time_anomaly", *afternoons, buy("x", "2026-03-09T05:20:00Z", utc_offset_min=540))
    line = Customer().line("time_anomaly", *afternoons, buy("x", "2026-03-09T20:00:00Z", utc_offset_min=540))
    assert line is not None
    assert line.sentence.startswith("05:00 local time is 18 deviations from the customer's usual 14:00")


def test_without_an_offset_hours_are_utc() -> None:
    """None means UTC and not the zone of the machine."""
    assert Customer().fires("time_anomaly", *habit("14:00", "14:00", "14:00", "14:00", "14:00", "02:00"))


def test_before_1970_the_minute_of_day_is_right_too() -> None:
    """Floor division, not truncation: 1969-12-31T23:59 is minute 1439."""
    from streamflow.rules.time_anomaly import minute_of_day

    assert minute_of_day(buy("t", "1969-12-31T23:59:59.5Z")) == 1439
    assert minute_of_day(buy("t", "1970-01-01T00:10:00Z", utc_offset_min=-20)) == 1430


def test_the_circle_is_a_table_of_integers_that_sums_to_nothing() -> None:
    """1,440 unit vectors to the sixth digit; opposite ones cancel exactly, so sums are exact in any order."""
    assert len(COS) == len(SIN) == 1440
    assert sum(COS) == sum(SIN) == 0
    assert all(abs(math.hypot(x, y) - 1_000_000) < 1 for x, y in zip(COS, SIN, strict=True))
