"""blacklist under the shipped rule sets: listed or not by 1.0.0, the risk of an entry besides by 1.1.0."""

from __future__ import annotations

import pytest

from tests.unit.rules.edge_cases import CALIBRATED, SEED, arrive, shipped
from tests.unit.rules.rule_cases import buy, listing

TWICE = (
    listing("m-1", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z", entry_id="first"),
    listing("m-1", "2026-03-02T12:00:00Z", entry_id="second"),
)
FOR_EVER = listing("m-1", "1970-01-01T00:00:00Z")


@pytest.mark.parametrize("version", [SEED, CALIBRATED])
@pytest.mark.parametrize(
    ("clock", "fires"),
    [
        ("09:59:59.999", False),
        ("10:00:00", True),
        ("10:59:59.999", True),
        ("11:00:00", False),
        ("11:59:59.999", False),
        ("12:00:00", True),
    ],
)
def test_a_merchant_listed_delisted_and_listed_again_is_on_the_list_just_then(
    version: str, clock: str, fires: bool
) -> None:
    """An entry holds from its first moment up to, and without, its last.

         10:00          11:00          12:00
    -------[   listed     )    free      [  listed ...
    09:59:59.999 silent   10:00 weighs   11:00 silent   12:00 weighs
    """
    assert shipped(version, *TWICE).fires("blacklist", buy("a", clock, merchant_id="m-1")) is fires


def test_a_first_purchase_ever_at_a_listed_merchant_fires() -> None:
    """The rule needs no history of the customer.

    10:00
      1     merchant listed                             rule set 1.0.0: alert, score 0.5
    """
    decided = shipped(SEED, FOR_EVER).sent(buy("only", "10:00:00", merchant_id="m-1"))
    assert [(item.decision.is_alert, item.decision.score) for item in decided] == [(True, 0.5)]


def test_an_entry_that_ends_where_the_next_begins_leaves_no_gap() -> None:
    """At the shared moment the second holds, alone.

         10:00          11:00          12:00
    -------[  first       )[  second     )------        11:00: listed since 11:00
    """
    entries = (
        listing("m-1", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z", entry_id="first"),
        listing("m-1", "2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z", entry_id="second"),
    )
    line = shipped(SEED, *entries).line("blacklist", buy("a", "11:00:00", merchant_id="m-1"))
    assert line is not None
    assert "listed since 2026-03-02T11:00:00.000Z" in line.sentence


def test_what_was_not_known_yet_decides_nothing() -> None:
    """An entry that reaches back counts only from the event time at which it was published to count.

    valid_from 09:00          effective_from 11:00
    -----[ - - - - - - - - - - - [  listed ...          10:59:59.999 silent, 11:00 weighs
    """
    entry = listing("m-1", "2026-03-02T09:00:00Z", effective_from="2026-03-02T11:00:00Z")
    customer = shipped(SEED, entry)
    assert not customer.fires("blacklist", buy("a", "10:59:59.999", merchant_id="m-1"))
    assert customer.fires("blacklist", buy("b", "11:00:00", merchant_id="m-1"))


@pytest.mark.parametrize(
    ("risk", "band", "weight_ulo"),
    [
        (None, "from_1", 90_000),
        (0.003489, "from_1", 90_000),
        (0.00349, "from_0_00349", 1_118_000),
        (0.5, "from_0_0175", 3_766_000),
    ],
)
def test_the_risk_of_an_entry_is_its_strength_where_a_calibration_measured_it(
    risk: float | None, band: str, weight_ulo: int
) -> None:
    """Of `listed` and `risk` the heavier makes the line; an entry without a risk is listed all the same.

    risk     none   0.003489  |  0.00349  ...  0.5      rule set 1.1.0
    band      from_1 (listed) |  from_0_00349  from_0_0175
    """
    line = shipped(CALIBRATED, FOR_EVER | {"risk": risk}).line("blacklist", buy("a", "10:00:00", merchant_id="m-1"))
    assert line is not None
    assert (line.band, line.weight_ulo) == (band, weight_ulo)


def test_two_events_of_the_same_millisecond_are_listed_alike() -> None:
    """Nothing but the event time and the merchant counts.

    10:00:00.000   a and b, the entry's first moment    both alert
    """
    customer = shipped(SEED, *TWICE)
    customer.sent(buy("b", "10:00:00", merchant_id="m-1"), buy("a", "10:00:00", merchant_id="m-1"))
    assert {key[0] for key, item in customer.final.items() if item.is_alert} == {"a", "b"}


def test_without_a_merchant_the_rule_is_not_applicable() -> None:
    """Said in the line of a decision that another rule brings.

    10:00:00   :01   :02   :03   :04   :05              rule set 1.0.0, no merchant in any
       1        2     3     4     5     6               velocity alerts; blacklist: not applicable
    """
    line = shipped(SEED, FOR_EVER).line("blacklist", *(buy(f"t{n}", f"10:00:0{n}") for n in range(6)))
    assert line is not None
    assert (line.applicable, line.sentence) == (False, "The purchase names no merchant")


def test_a_refund_from_a_listed_merchant_is_no_purchase() -> None:
    """It is a dead letter before any rule.

    10:00   -10.00 at the listed merchant               out_of_range, no decision
    """
    assert arrive("10:00:00", amount_minor=-1000, merchant_id="m-1") == ("out_of_range", None)


@pytest.mark.parametrize("name", ["m-2", "M-1", "m-10"])
def test_another_name_is_another_merchant(name: str) -> None:
    """The evasion: ids are compared letter by letter, so a new name is a clean one.

    listed m-1      purchases at m-2, M-1, m-10         silent
    """
    assert shipped(SEED, FOR_EVER).sent(buy("a", "10:00:00", merchant_id=name)) == []
