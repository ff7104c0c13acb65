"""The book: what is in force when, and what may be published."""

from __future__ import annotations

from typing import Any

import pytest

from streamflow.contracts.rule_sets import RuleSet, rule_set_from
from streamflow.errors import InputError
from streamflow.rules.blacklist import Entry
from streamflow.rules.book import RuleBook, entry_from
from streamflow.rules.publication import entry_record, rule_set_record
from tests.unit.rules.rule_cases import BEGINNING, at, band, listing, published, reach, rule_set

NOON = "2026-03-02T12:00:00Z"


def live(book: RuleBook, clock: str) -> str | None:
    """Return the live version at a time."""
    card = book.live_at(at(clock))
    return None if card is None else card.version


def shadows(book: RuleBook, clock: str) -> list[str]:
    """Return the shadow versions at a time."""
    return [card.version for card in book.shadows_at(at(clock))]


def released(version: str, **changes: Any) -> RuleSet:
    """Return a rule set as its file would give it."""
    return rule_set_from(rule_set(version, **changes))


def test_an_empty_book_has_nothing_in_force() -> None:
    """Neither rule sets nor listings."""
    book = RuleBook()
    assert (live(book, NOON), shadows(book, NOON), book.listed("m1", 0), book.listed(None, 0)) == (None, [], None, None)


def test_the_live_rule_set_changes_exactly_at_its_event_time() -> None:
    """From its first microsecond on."""
    book = RuleBook.from_records([published(rule_set()), published(rule_set("1.1.0"), NOON)])
    assert (live(book, "11:59:59.999999"), live(book, "12:00:00"), live(book, "1970-01-01T00:00:00Z")) == (
        "1.0.0",
        "1.1.0",
        "1.0.0",
    )
    assert live(book, "1969-12-31T23:59:59Z") is None


def test_a_shadow_that_is_promoted_is_a_shadow_no_more() -> None:
    """Shadow in the morning, live from noon."""
    book = RuleBook.from_records(
        [
            published(rule_set()),
            published(rule_set("1.1.0"), role="shadow"),
            published(rule_set("1.1.0"), NOON),
        ]
    )
    assert (live(book, "11:00:00"), shadows(book, "11:00:00")) == ("1.0.0", ["1.1.0"])
    assert (live(book, "13:00:00"), shadows(book, "13:00:00")) == ("1.1.0", [])


def test_a_rollback_puts_the_old_rule_set_back_in_force() -> None:
    """The old version published again is the newest live one."""
    book = RuleBook.from_records(
        [
            published(rule_set()),
            published(rule_set("1.1.0"), "2026-03-02T10:00:00Z"),
            published(rule_set(), NOON),
        ]
    )
    assert [live(book, clock) for clock in ("09:00:00", "11:00:00", "12:00:00")] == ["1.0.0", "1.1.0", "1.0.0"]


def test_compaction_takes_nothing_from_the_book() -> None:
    """The newest record of each version repeats its earlier roles, so the compacted topic gives the same book."""
    records: list[dict[str, Any]] = []
    steps: list[tuple[str, str, str | None]] = [
        ("1.0.0", "live", None),
        ("1.1.0", "shadow", "2026-03-02T09:00:00Z"),
        ("1.1.0", "live", "2026-03-02T10:00:00Z"),
        ("1.0.0", "live", NOON),
    ]
    for version, role, since in steps:
        record = rule_set_record(
            RuleBook.from_records(records),
            released(version),
            reach(),
            role="shadow" if role == "shadow" else "live",
            effective_from_us=None if since is None else at(since),
            reached_us=None,
        )
        assert record is not None
        records.append(record)
    whole, compacted = RuleBook.from_records(records), RuleBook.from_records(records[2:])
    assert len(compacted.activations) == 4
    for clock in ("1970-01-02T00:00:00Z", "09:30:00", "11:00:00", "13:00:00"):
        assert (live(whole, clock), shadows(whole, clock)) == (live(compacted, clock), shadows(compacted, clock))
    assert [live(whole, clock) for clock in ("09:30:00", "11:00:00", "13:00:00")] == ["1.0.0", "1.1.0", "1.0.0"]


def test_a_book_is_never_changed_by_a_record() -> None:
    """A running job keeps the old one when the new record is refused."""
    book = RuleBook.from_records([published(rule_set())])
    longer = book.with_record(published(rule_set("1.1.0"), NOON)).with_record(listing("m1", BEGINNING))
    assert (list(book.cards), list(book.entries)) == (["1.0.0"], [])
    assert (list(longer.cards), list(longer.entries)) == (["1.0.0", "1.1.0"], ["m1-1970-01-01"])


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ({}, "lacks 'kind'"),
        ({"kind": "ruleset"}, "did you mean 'rule_set'"),
        ({"kind": "rule_set"}, "lacks 'rule_set'"),
        (published(rule_set(), role="lve"), "did you mean 'live'"),
        (published(rule_set(), "tomorrow"), "effective_from must be a time with zone"),
        (published(rule_set()) | {"version": "1.0.1"}, "both must be the same"),
        (published(rule_set(velocity__window_s=601)), "give it a new version"),
        (published(rule_set("3.0.0") | {"alert_threshold_ulo": -9_000_000}), "alert_threshold_ulo must lie above"),
        (
            published(
                rule_set("3.0.0", velocity__measures={"purchases": {"unit": "p", "digits": 0, "bands": [band(258)]}})
            ),
            "the highest bound is 257",
        ),
        (
            published(
                rule_set("3.0.0", velocity__measures={"purchases": {"unit": "p", "digits": 1, "bands": [band(6)]}})
            ),
            "digits must be 0",
        ),
    ],
)
def test_a_wrong_record_is_refused_in_a_sentence(record: dict[str, Any], sentence: str) -> None:
    """Names the record, the field and the nearest valid name."""
    book = RuleBook.from_records([published(rule_set())])
    with pytest.raises(InputError, match=sentence):
        book.with_record(record)


def test_the_first_live_rule_set_starts_at_the_beginning_even_when_purchases_are_there() -> None:
    """Nothing was decided before it, so nothing can change."""
    record = rule_set_record(
        RuleBook(), released("1.0.0"), reach(), role="live", effective_from_us=None, reached_us=at(NOON)
    )
    assert record is not None
    assert (record["effective_from"], record["role"], record["previous"]) == ("1970-01-01T00:00:00.000Z", "live", [])


def test_publishing_what_is_published_changes_nothing() -> None:
    """A second demo publishes again and finds it done."""
    book = RuleBook.from_records([published(rule_set())])
    for since in (None, 0):
        again = rule_set_record(
            book, released("1.0.0"), reach(), role="live", effective_from_us=since, reached_us=at(NOON)
        )
        assert again is None


@pytest.mark.parametrize(
    ("version", "changes", "role", "since", "sentence"),
    [
        (
            "1.1.0",
            {},
            "live",
            None,
            "Say from which event time rule set 1.1.0 is live, as --effective-from 2026-03-02T12",
        ),
        ("1.1.0", {}, "shadow", None, "Say from which event time rule set 1.1.0 is shadow"),
        ("1.1.0", {}, "live", "11:59:59", "comes too late.*the earliest is 2026-03-02T12:00:00.000Z"),
        ("1.1.0", {}, "live", "13:00:00", "1.0.1 is, from 2026-03-02T14:00:00.000Z on"),
        ("1.1.0", {"velocity__window_s": 90_000}, "live", "15:00:00", "velocity.window_s is 90000"),
        ("1.0.0", {}, "shadow", "15:00:00", "is the only live one"),
        ("1.0.0", {"velocity__window_s": 601}, "live", None, "give it a new version"),
        ("1.0.0", {"velocity__window_s": 601}, "live", "15:00:00", "give it a new version"),
    ],
)
def test_a_publication_that_would_break_a_promise_is_refused(
    version: str, changes: dict[str, Any], role: str, since: str | None, sentence: str
) -> None:
    """Too late, before one already announced, beyond the horizons, or another content under an old version."""
    records = [published(rule_set())]
    if since == "13:00:00":
        records.append(published(rule_set("1.0.1"), "2026-03-02T14:00:00Z"))
    with pytest.raises(InputError, match=sentence):
        rule_set_record(
            RuleBook.from_records(records),
            released(version, **changes),
            reach(),
            role="shadow" if role == "shadow" else "live",
            effective_from_us=None if since is None else at(since),
            reached_us=at(NOON),
        )


def entry(valid_from: str, valid_to: str | None = None, **changes: Any) -> Entry:
    """Return an entry on merchant m1 with the id e."""
    return entry_from(listing("m1", valid_from, valid_to, entry_id="e", **changes))


def test_a_listing_must_lie_ahead_of_every_purchase() -> None:
    """From the reached event time on, and not a moment before."""
    assert entry_record(RuleBook(), entry(NOON), at(NOON))["valid_from"] == "2026-03-02T12:00:00.000Z"
    with pytest.raises(InputError, match="entry e comes too late"):
        entry_record(RuleBook(), entry("2026-03-02T11:59:59Z"), at(NOON))


def test_only_the_end_of_an_entry_can_change_and_only_into_the_future() -> None:
    """Closing is fine; closing in the past, opening again, or another risk is not."""
    book = RuleBook.from_records([listing("m1", "2026-03-01T00:00:00Z", entry_id="e")])
    closed = entry_record(book, entry("2026-03-01T00:00:00Z", "2026-03-02T13:00:00Z"), at(NOON))
    assert closed["valid_to"] == "2026-03-02T13:00:00.000Z"
    with pytest.raises(InputError, match="comes too late"):
        entry_record(book, entry("2026-03-01T00:00:00Z", "2026-03-02T11:00:00Z"), at(NOON))
    with pytest.raises(InputError, match="only its end can change"):
        entry_record(book, entry("2026-03-01T00:00:00Z", risk=0.5), at(NOON))
    ended = RuleBook.from_records([listing("m1", "2026-03-01T00:00:00Z", "2026-03-02T11:00:00Z", entry_id="e")])
    with pytest.raises(InputError, match="comes too late"):
        entry_record(ended, entry("2026-03-01T00:00:00Z"), at(NOON))
