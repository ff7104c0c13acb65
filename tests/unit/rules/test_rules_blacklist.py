"""blacklist: whether the merchant was listed at event time."""

from __future__ import annotations

import pytest

from streamflow.errors import InputError
from streamflow.rules.book import RuleBook, entry_from
from tests.unit.rules.rule_cases import Customer, band, buy, listing, published, rule_set

#     10:00        11:00        12:00        13:00
# ------[ listed    )-----free----[ listed ...
TWICE = (
    published(rule_set()),
    listing("m1", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z", entry_id="first"),
    listing("m1", "2026-03-02T12:00:00Z", entry_id="second"),
)


@pytest.mark.parametrize(
    ("clock", "fires"),
    [
        ("09:59:59.999999", False),
        ("10:00:00", True),
        ("10:59:59.999999", True),
        ("11:00:00", False),
        ("11:59:59", False),
        ("12:00:00", True),
        ("2027-01-01T00:00:00Z", True),
    ],
)
def test_a_merchant_can_be_listed_delisted_and_listed_again(clock: str, fires: bool) -> None:
    """Each entry holds from its first moment up to, and without, its last."""
    assert Customer(*TWICE).fires("blacklist", buy("t", clock, merchant_id="m1")) is fires


def test_another_merchant_is_not_listed_and_the_line_says_so() -> None:
    """The rule applies, observes 0, and weighs nothing."""
    customer = Customer(*TWICE)
    burst = [buy(f"t{n}", f"10:00:0{n}", merchant_id="m2") for n in range(6)]
    line = customer.line("blacklist", *burst)
    assert line is not None
    assert (line.applicable, line.observed, line.sentence) == (True, 0, "Merchant m2 is not listed")


def test_without_a_merchant_the_rule_is_not_applicable() -> None:
    """Said once in the line, never guessed."""
    line = Customer(*TWICE).line("blacklist", *(buy(f"t{n}", f"10:00:0{n}") for n in range(6)))
    assert line is not None
    assert (line.applicable, line.sentence) == (False, "The purchase names no merchant")


def test_an_entry_decides_nothing_before_it_is_effective() -> None:
    """What was not known at an event time never decides about it, however far back valid_from goes."""
    entry = listing("m1", "2026-03-01T00:00:00Z", effective_from="2026-03-02T10:00:00Z")
    customer = Customer(published(rule_set()), entry)
    assert not customer.fires("blacklist", buy("a", "09:59:59", merchant_id="m1"))
    assert customer.fires("blacklist", buy("b", "10:00:00", merchant_id="m1"))


def test_an_entry_published_again_replaces_the_one_before() -> None:
    """Closing an entry with valid_to keeps what it said about the past."""
    open_ended = listing("m1", "2026-03-02T10:00:00Z", entry_id="e")
    closed = listing("m1", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z", entry_id="e")
    book = RuleBook.from_records([published(rule_set()), open_ended]).with_record(closed)
    assert book.listed("m1", buy("t", "10:30:00").event_time_us) is not None
    assert book.listed("m1", buy("t", "11:30:00").event_time_us) is None


def test_the_riskiest_of_several_entries_counts() -> None:
    """Risk is the strength of the line when it is calibrated; an entry without risk still lists."""
    measures = {
        "listed": {"unit": "entries", "digits": 0, "bands": [band(1, 10)]},
        "risk": {"unit": "share", "digits": 3, "bands": [band(0.1, 20), band(0.5, 30)]},
    }
    record = published(rule_set(blacklist__measures=measures))
    entries = [
        listing("m1", "2026-03-01T00:00:00Z", entry_id="a"),
        listing("m1", "2026-03-01T00:00:00Z", entry_id="b", risk=0.2),
        listing("m1", "2026-03-01T00:00:00Z", entry_id="c", risk=0.7, valid_to="2026-03-02T11:00:00Z"),
    ]
    early = Customer(record, *entries).line("blacklist", buy("t", "10:00:00", merchant_id="m1"))
    later = Customer(record, *entries).line("blacklist", buy("t", "11:00:00", merchant_id="m1"))
    bare = Customer(record, entries[0]).line("blacklist", buy("t", "11:00:00", merchant_id="m1"))
    weights = [line.weight_ulo for line in (early, later, bare) if line is not None]
    assert weights == [30, 20, 10]


def test_a_long_reason_still_fits_the_sentence_of_the_contract() -> None:
    """A reason may be as long as the whole sentence; the decision must pass its contract."""
    entry = listing("m1", "2026-03-01T00:00:00Z", reason="x" * 512)
    line = Customer(published(rule_set()), entry).line("blacklist", buy("t", "10:00:00", merchant_id="m1"))
    assert line is not None
    assert len(line.sentence) == 512


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"valid_from": "yesterday"}, "valid_from must be a time with zone"),
        ({"valid_from": "2026-03-01T00:00:00"}, "valid_from must be a time with zone"),
        ({"valid_to": "2026-01-01T00:00:00Z"}, "valid_to lies before valid_from"),
        ({"risk": 1.5}, "risk must be a number from 0 to 1"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(change: dict[str, object], sentence: str) -> None:
    """The entry and the field are in the sentence."""
    with pytest.raises(InputError, match=f"m1-2026-03-01: {sentence}|m1-.*: {sentence}"):
        entry_from(listing("m1", "2026-03-01T00:00:00Z") | change)


def test_an_entry_without_a_merchant_is_refused() -> None:
    """A missing field is named."""
    record = listing("m1", "2026-03-01T00:00:00Z")
    del record["merchant_id"]
    with pytest.raises(InputError, match="lacks 'merchant_id'"):
        entry_from(record)
