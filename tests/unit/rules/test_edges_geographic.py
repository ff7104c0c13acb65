"""geographic under the shipped rule sets: 500 km within an hour by 1.0.0, bands of distance and speed by 1.1.0."""

from __future__ import annotations

import pytest

from tests.unit.rules.edge_cases import CALIBRATED, SEED, arrive, shipped
from tests.unit.rules.rule_cases import buy, listing

BERLIN, MADRID = (52.52, 13.405), (40.417, -3.704)
LISTED = listing("m-bad", "1970-01-01T00:00:00Z")


@pytest.mark.parametrize(("east", "fires"), [(4.49659, False), (4.4966, True)])
def test_a_distance_is_rounded_to_metres_before_it_is_compared(east: float, fires: bool) -> None:
    """The number that a person reads is the number that was compared; the bound itself is far.

    10:00   0 N, 0 E
    10:30   0 N, 4.49659 E    499.9987 km, read as 499.999: silent          rule set 1.0.0
            0 N, 4.49660 E    499.9998 km, read as 500.000: alert
    """
    here, there = buy("a", "10:00:00", place=(0.0, 0.0)), buy("b", "10:30:00", place=(0.0, east))
    assert shipped(SEED).fires("geographic", here, there) is fires


@pytest.mark.parametrize(("clock", "fires"), [("10:59:59.999", True), ("11:00:00", False)])
def test_a_place_counts_for_an_hour_and_not_at_its_end(clock: str, fires: bool) -> None:
    """The window is open where it begins, as that of velocity.

    10:00:00                             11:00:00       rule set 1.0.0
     Berlin                               Madrid
        (--------------------------------- ]            Berlin lies on the open edge: silent
        one millisecond earlier: 1,869 km, alert
    """
    here, there = buy("a", "10:00:00", place=BERLIN), buy("b", clock, place=MADRID)
    assert shipped(SEED).fires("geographic", here, there) is fires


@pytest.mark.parametrize(
    ("here", "there", "km"),
    [
        ((0.0, 179.9), (0.0, -179.9), 22.239),
        ((90.0, 0.0), (90.0, 120.0), 0),
        ((89.9, 0.0), (89.9, 180.0), 22.239),
        ((-90.0, 10.0), (-89.9, -170.0), 11.12),
    ],
)
def test_the_date_line_and_the_poles_are_places_like_others(
    here: tuple[float, float], there: tuple[float, float], km: float
) -> None:
    """Distances are those of great circles, so neighbours are neighbours.

    10:00                 10:30
    0 N, 179.9 E          0 N, 179.9 W                  22.239 km, not 40,000
    90 N, 0 E             90 N, 120 E                   0 km: the pole has every longitude
    89.9 N, 0 E           89.9 N, 180 E                 22.239 km across the pole
    """
    customer = shipped(SEED, LISTED)
    line = customer.line(
        "geographic", buy("a", "10:00:00", place=here), buy("b", "10:30:00", place=there, merchant_id="m-bad")
    )
    assert line is not None
    assert (line.observed, line.weight_ulo) == (km, 0)


def test_a_first_purchase_ever_has_nowhere_to_have_come_from() -> None:
    """The rule applies, observes nothing and weighs nothing.

    10:00
    Berlin                                              rule set 1.0.0, merchant listed
    """
    line = shipped(SEED, LISTED).line("geographic", buy("only", "10:00:00", place=BERLIN, merchant_id="m-bad"))
    assert line is not None
    assert (line.applicable, line.observed, line.weight_ulo) == (True, None, 0)
    assert line.sentence == "No earlier purchase with coordinates within 1 hour"


def test_a_customer_who_moved_house_is_flagged_at_most_once() -> None:
    """Only the last hour counts: on the day of the move at most, never afterwards.

    day 1   10:00 Berlin   10:50 Madrid                 alert: nobody travels so
            11:40 Madrid   12:30 Madrid                 silent; rule set 1.0.0
    or      day 1 10:00 Berlin   day 2 10:00 Madrid     silent: a day is time enough
    """
    quick = shipped(SEED)
    moved = [
        buy("a", "10:00:00", place=BERLIN),
        *(buy(f"m{n}", clock, place=MADRID) for n, clock in enumerate(("10:50:00", "11:40:00", "12:30:00"))),
    ]
    assert [item.decision.transaction_id for item in quick.sent(*moved)] == ["m0"]
    slow = [buy("a", "2026-03-01T10:00:00Z", place=BERLIN), buy("b", "2026-03-02T10:00:00Z", place=MADRID)]
    assert shipped(SEED).sent(*slow) == []


def test_two_places_in_the_same_millisecond_count_as_a_minute_apart() -> None:
    """A city's width in no time is no journey; without the minute its speed would be infinite.

    10:00:00.125   0 N, 0 E   and   0 N, 0.18 E         20.015 km in one minute: 1,200.907 km/h
                   1.1.0: band from_698 of speed_kmh; 1.0.0 has no bands of speed: silent
    """
    pair = [buy("a", "10:00:00.125", place=(0.0, 0.0)), buy("b", "10:00:00.125", place=(0.0, 0.18))]
    line = shipped(CALIBRATED).line("geographic", *pair)
    assert line is not None
    assert (line.measure, line.observed, line.band) == ("speed_kmh", 1200.907, "from_698")
    assert shipped(SEED).sent(*pair) == []


@pytest.mark.parametrize("place", [(None, None), (52.52, None), (None, 13.405)])
def test_without_both_coordinates_the_rule_is_not_applicable(place: tuple[float | None, float | None]) -> None:
    """Half a place is none, and nothing is guessed; as an earlier purchase it is passed over.

    10:00          10:20            10:40
    Berlin         no place         Madrid              10:20 not applicable, 10:40 alert: Berlin still counts
    """
    customer = shipped(SEED, LISTED)
    line = customer.line(
        "geographic", buy("a", "10:00:00", place=BERLIN), buy("b", "10:20:00", place=place, merchant_id="m-bad")
    )
    assert line is not None
    assert (line.applicable, line.sentence) == (False, "The purchase has no coordinates")
    assert customer.fires("geographic", buy("c", "10:40:00", place=MADRID))


def test_swapped_coordinates_are_refused_where_they_show() -> None:
    """A latitude beyond 90 degrees is a dead letter; a swap within the range cannot be told from a place.

    Sydney   33.87 S, 151.21 E     written as latitude 151.21: out_of_range
    Berlin   52.52 N, 13.41 E      written as latitude 13.41, longitude 52.52: a place in the sea off Somalia
    """
    assert arrive("10:00:00", latitude=151.21, longitude=-33.87)[0] == "out_of_range"
    assert arrive("10:00:00", latitude=13.41, longitude=52.52)[0] is None


def test_who_hides_the_place_is_never_seen() -> None:
    """The evasion: without coordinates there is no distance.

    10:00          10:20
    Berlin         no place, in truth Madrid            silent
    """
    assert shipped(SEED).sent(buy("a", "10:00:00", place=BERLIN), buy("b", "10:20:00")) == []
