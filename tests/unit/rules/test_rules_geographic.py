"""geographic: how far from where the customer just was."""

from __future__ import annotations

import pytest

from streamflow.rules.geographic import EARTH_RADIUS_KM, distance_km
from tests.unit.rules.rule_cases import Customer, band, buy, published, rule_set

PARIS = (48.8566, 2.3522)
LONDON = (51.5074, -0.1278)
MADRID = (40.4168, -3.7038)


@pytest.mark.parametrize(
    ("here", "there", "km"),
    [
        (PARIS, LONDON, 343.556),
        (PARIS, PARIS, 0.0),
        ((0.0, 179.9), (0.0, -179.9), 22.239),  # across the date line
        ((89.9, 0.0), (89.9, 180.0), 22.239),  # across the pole
        ((90.0, 12.0), (90.0, -77.0), 0.0),  # a pole has every longitude
        ((0.0, 0.0), (0.0, 180.0), 3.141592653589793 * EARTH_RADIUS_KM),  # half round the earth
    ],
)
def test_distance_knows_neither_date_line_nor_poles(
    here: tuple[float, float], there: tuple[float, float], km: float
) -> None:
    """Great circles are what they are, both ways."""
    assert distance_km(*here, *there) == pytest.approx(km, abs=0.001)
    assert distance_km(*there, *here) == distance_km(*here, *there)


@pytest.mark.parametrize(
    ("first", "second", "clock", "fires"),
    [
        (PARIS, MADRID, "10:30:00", True),
        (PARIS, LONDON, "10:30:00", False),
        (PARIS, MADRID, "10:59:59.999999", True),
        (PARIS, MADRID, "11:00:00", False),  # an hour ago lies on the open edge of the window
        ((10.0, 179.0), (10.0, -179.0), "10:30:00", False),  # 219 km across the date line, not 39,000
        ((10.0, 177.5), (10.0, -177.5), "10:30:00", True),
        (PARIS, (None, None), "10:30:00", False),
        ((None, None), MADRID, "10:30:00", False),
    ],
)
def test_geographic_fires_from_500_km_within_an_hour(
    first: tuple[float | None, float | None],
    second: tuple[float | None, float | None],
    clock: str,
    fires: bool,
) -> None:
    """Distance, window edge, date line and missing coordinates."""
    assert Customer().fires("geographic", buy("a", "10:00:00", place=first), buy("b", clock, place=second)) is fires


def test_geographic_looks_at_every_purchase_in_the_window_and_not_only_the_last() -> None:
    """One without coordinates in between hides nothing, and the farthest is the evidence."""
    customer = Customer()
    sent = customer.sent(
        buy("far", "10:00:00", place=MADRID),
        buy("mute", "10:10:00"),
        buy("near", "10:20:00", place=(48.9, 2.4)),
        buy("here", "10:30:00", place=PARIS),
    )
    decisions = {item.decision.transaction_id: item.decision for item in sent}
    assert decisions["here"].evidence == ("far",)
    assert "purchase far, 30 minutes before; the limit is 500 km within 1 hour" in decisions["here"].lines[2].sentence


def test_geographic_is_not_applicable_without_coordinates_and_says_so() -> None:
    """Half a pair is none; nothing is guessed."""
    customer = Customer(published(rule_set()), _listed())
    for place in ((None, None), (48.0, None), (None, 2.0)):
        line = customer.line("geographic", buy(f"t{place}", "10:00:00", place=place, merchant_id="m1"))
        assert line is not None
        assert (line.applicable, line.weight_ulo, line.sentence) == (False, 0, "The purchase has no coordinates")


def test_geographic_applies_but_observes_nothing_on_a_first_purchase() -> None:
    """A purchase with coordinates and none before it."""
    line = Customer(published(rule_set()), _listed()).line(
        "geographic", buy("a", "10:00:00", place=PARIS, merchant_id="m1")
    )
    assert line is not None
    assert (line.applicable, line.observed, line.strength, line.weight_ulo) == (True, None, None, 0)
    assert line.sentence == "No earlier purchase with coordinates within 1 hour"


def test_speed_outweighs_distance_when_its_band_weighs_more() -> None:
    """343.6 km in a quarter of an hour is no train."""
    measures = {
        "distance_km": {"unit": "km", "digits": 3, "bands": [band(300, 200_000)]},
        "speed_kmh": {"unit": "km/h", "digits": 0, "bands": [band(900, 700_000)]},
    }
    record = published(rule_set(geographic__measures=measures))
    fast = Customer(record).line("geographic", buy("a", "10:00:00", place=PARIS), buy("b", "10:15:00", place=LONDON))
    slow = Customer(record).line("geographic", buy("a", "10:00:00", place=PARIS), buy("b", "10:45:00", place=LONDON))
    assert fast is not None
    assert (fast.measure, fast.observed, fast.weight_ulo) == ("speed_kmh", 1374, 700_000)
    assert slow is not None
    assert (slow.measure, slow.weight_ulo) == ("distance_km", 200_000)


def test_a_customer_who_moved_house_is_flagged_once_and_not_afterwards() -> None:
    """The window forgets the old home after an hour."""
    customer = Customer()
    assert customer.fires("geographic", buy("a", "10:00:00", place=PARIS), buy("b", "10:50:00", place=MADRID))
    assert not customer.fires("geographic", buy("c", "11:40:00", place=MADRID))


def _listed() -> dict[str, object]:
    from tests.unit.rules.rule_cases import listing

    return listing("m1", "1970-01-01T00:00:00Z")
