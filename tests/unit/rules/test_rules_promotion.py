"""Changing what is in force: promote, withdraw, roll back, retire, and what each record says."""

from __future__ import annotations

from typing import Any

import pytest

from streamflow.contracts import Catalogue
from streamflow.contracts.names import FRAUD_RULES
from streamflow.contracts.rule_sets import RuleSet, rule_set_from
from streamflow.errors import InputError
from streamflow.rules.admission import admit, admitted
from streamflow.rules.book import RuleBook
from streamflow.rules.promotion import Ahead, Grounds, promotion_record, retirement_record, rollback_record
from streamflow.rules.publication import RECORD_VERSION, rule_set_record
from tests.unit.contracts.contract_cases import CONTRACTS, validator
from tests.unit.rules.rule_cases import BEGINNING, at, published, reach, rule_set
from tests.unit.rules.test_rules_book import live, shadows

MINUTE_US = 60_000_000
GROUNDS = Grounds("ana", at("2026-03-02T08:00:00Z"), "seasonal drift", forced=True)


def released(version: str, **changes: Any) -> RuleSet:
    """Return a rule set as its file would give it."""
    return rule_set_from(rule_set(version, **changes))


def ahead(reached: str = "12:00:00", asked: str | None = None) -> Ahead:
    """Return where a change may lie: a minute ahead of a clock time."""
    return Ahead(at(reached), MINUTE_US, None if asked is None else at(asked))


class Desk:
    """A topic in the hands of an operator; every record passes the contract and the book."""

    def __init__(self, *records: dict[str, Any]) -> None:
        self.records = list(records)

    @property
    def book(self) -> RuleBook:
        """What the records say."""
        return RuleBook.from_records(self.records)

    def take(self, record: dict[str, Any] | None) -> dict[str, Any]:
        """Append a record that contract and book accept."""
        assert record is not None
        import json

        key = f"rule_set/{record['version']}".encode()
        verdict = validator()(FRAUD_RULES, key, json.dumps(record).encode(), at("12:00:00") // 1000)
        assert verdict.reason is None, verdict.detail
        admit(self.book, record, reach())
        self.records.append(record)
        return record

    def promote(self, version: str, where: Ahead) -> dict[str, Any]:
        """Promote a version."""
        return self.take(promotion_record(self.book, released(version), reach(), where, GROUNDS))


def test_records_are_written_by_the_newest_contract() -> None:
    """One place says which version that is."""
    assert Catalogue.load(CONTRACTS).topic(FRAUD_RULES).version == RECORD_VERSION


def test_the_first_promotion_counts_from_the_beginning() -> None:
    """There is nothing to be compared with, and no job has decided anything."""
    desk = Desk()
    record = desk.promote("1.0.0", ahead())
    assert (record["effective_from"], record["promotion"]["replaces"]) == ("1970-01-01T00:00:00.000Z", None)
    assert live(desk.book, "1970-01-01T00:00:00Z") == "1.0.0"


def test_a_shadow_that_was_there_before_any_live_one_is_live_for_good_once_promoted() -> None:
    """Its shadow role lies later in event time, but no job ran by it."""
    desk = Desk(published(rule_set("1.1.0"), "2026-03-02T10:00:00Z", role="shadow"))
    desk.promote("1.1.0", ahead())
    assert [live(desk.book, clock) for clock in ("09:00:00", "13:00:00")] == ["1.1.0", "1.1.0"]
    assert shadows(desk.book, "13:00:00") == []


def test_a_promotion_lies_a_margin_ahead_of_the_newest_purchase() -> None:
    """Up to the full second, and it says who, why and whom it replaces."""
    desk = Desk(published(rule_set()), published(rule_set("1.1.0"), "2026-03-02T10:00:00Z", role="shadow"))
    record = desk.promote("1.1.0", Ahead(at("12:00:00") + 1, MINUTE_US))
    assert record["effective_from"] == "2026-03-02T12:01:01.000Z"
    assert record["promotion"] == {
        "action": "promote",
        "at": "2026-03-02T08:00:00.000Z",
        "by": "ana",
        "evidence": None,
        "forced": True,
        "reason": "seasonal drift",
        "replaces": "1.0.0",
    }
    assert [live(desk.book, clock) for clock in ("12:01:00", "12:01:01")] == ["1.0.0", "1.1.0"]
    assert [shadows(desk.book, clock) for clock in ("12:01:00", "12:01:01")] == [["1.1.0"], []]


def test_a_promotion_in_time_is_withdrawn_as_if_it_had_never_been_said() -> None:
    """The old one goes on, and so does the shadow that the candidate was."""
    desk = Desk(published(rule_set()), published(rule_set("1.1.0"), "2026-03-02T10:00:00Z", role="shadow"))
    desk.promote("1.1.0", ahead(asked="13:00:00"))
    record = desk.take(rollback_record(desk.book, None, ahead("12:30:00"), GROUNDS))
    assert (record["promotion"]["action"], record["until"], record["effective_from"]) == (
        "withdraw",
        "2026-03-02T13:00:00.000Z",
        "2026-03-02T13:00:00.000Z",
    )
    assert [live(desk.book, clock) for clock in ("12:59:59", "13:00:00", "15:00:00")] == ["1.0.0"] * 3
    assert shadows(desk.book, "15:00:00") == ["1.1.0"]
    desk.promote("1.1.0", ahead("12:40:00", asked="13:00:00"))
    assert live(desk.book, "13:00:00") == "1.1.0"


def test_a_promotion_that_purchases_may_have_reached_is_rolled_back_from_a_margin_ahead_on() -> None:
    """What it decided stays decided."""
    desk = Desk(published(rule_set()))
    desk.promote("1.1.0", ahead(asked="12:10:00"))
    record = desk.take(rollback_record(desk.book, None, ahead("12:09:30"), GROUNDS))
    assert (record["version"], record["promotion"]["action"]) == ("1.0.0", "rollback")
    clocks = ("12:09:59", "12:10:00", "12:10:29", "12:10:30")
    assert [live(desk.book, clock) for clock in clocks] == ["1.0.0", "1.1.0", "1.1.0", "1.0.0"]


def test_a_rollback_goes_to_the_one_before_or_to_the_one_named() -> None:
    """Twice leads back to where it began."""
    desk = Desk(published(rule_set()))
    desk.promote("1.1.0", ahead("10:00:00"))
    desk.promote("1.2.0", ahead("11:00:00"))
    desk.take(rollback_record(desk.book, None, ahead("12:00:00"), GROUNDS))
    desk.take(rollback_record(desk.book, None, ahead("13:00:00"), GROUNDS))
    desk.take(rollback_record(desk.book, "1.0.0", ahead("14:00:00"), GROUNDS))
    clocks = ("11:30:00", "12:30:00", "13:30:00", "14:30:00")
    assert [live(desk.book, clock) for clock in clocks] == ["1.2.0", "1.1.0", "1.2.0", "1.0.0"]


def test_a_retired_shadow_decides_up_to_its_end_and_may_come_back() -> None:
    """An announced one ends before it begins."""
    desk = Desk(published(rule_set()), published(rule_set("1.1.0"), "2026-03-02T10:00:00Z", role="shadow"))
    record = desk.take(retirement_record(desk.book, "1.1.0", ahead(), GROUNDS))
    assert (record["role"], record["until"]) == ("shadow", "2026-03-02T12:01:00.000Z")
    assert [shadows(desk.book, clock) for clock in ("12:00:59", "12:01:00")] == [["1.1.0"], []]
    again = rule_set_record(
        desk.book,
        released("1.1.0"),
        reach(),
        role="shadow",
        effective_from_us=at("14:00:00"),
        reached_us=at("13:00:00"),
    )
    desk.take(again)
    assert [shadows(desk.book, clock) for clock in ("11:00:00", "13:30:00", "14:00:00")] == [["1.1.0"], [], ["1.1.0"]]
    desk.take(retirement_record(desk.book, "1.1.0", ahead("13:10:00"), GROUNDS))
    assert shadows(desk.book, "14:00:00") == []


def test_compaction_takes_nothing_from_a_story_of_changes() -> None:
    """The newest record of each version repeats its roles with their ends."""
    desk = Desk(published(rule_set()), published(rule_set("1.1.0"), "2026-03-02T10:00:00Z", role="shadow"))
    desk.promote("1.1.0", ahead(asked="12:30:00"))
    desk.take(rollback_record(desk.book, None, ahead("12:00:00"), GROUNDS))
    desk.take(retirement_record(desk.book, "1.1.0", ahead("12:30:00"), GROUNDS))
    desk.promote("1.2.0", ahead("13:00:00"))
    desk.take(rollback_record(desk.book, None, ahead("14:00:00"), GROUNDS))
    newest = {record["version"]: record for record in desk.records}
    compacted = RuleBook.from_records(record for record in desk.records if newest[record["version"]] is record)
    assert len(newest) == 3 < len(desk.records)
    for minute in range(9 * 60, 16 * 60):
        clock = f"{minute // 60:02d}:{minute % 60:02d}:00"
        assert live(desk.book, clock) == live(compacted, clock)
        assert shadows(desk.book, clock) == shadows(compacted, clock)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda book: rollback_record(book, "1.1.0", ahead(), GROUNDS), "1.1.0 was never live; did you mean"),
        (lambda book: rollback_record(book, "1.2.0", ahead(), GROUNDS), "1.2.0 is the one in force"),
        (lambda book: rollback_record(book, None, ahead(asked="11:00:00"), GROUNDS), "comes too late"),
        (lambda book: retirement_record(book, "1.0.0", ahead(), GROUNDS), "is or was live and no shadow"),
        (lambda book: retirement_record(book, "1.3.0", ahead(), GROUNDS), "was never published; did you mean"),
        (lambda book: retirement_record(book, "1.1.0", ahead(asked="11:00:00"), GROUNDS), "comes too late"),
        (
            lambda book: promotion_record(book, released("1.1.0"), reach(), ahead(asked="11:00:00"), GROUNDS),
            "1.1.0 comes too late",
        ),
        (
            lambda book: promotion_record(
                book, released("1.1.0"), reach(), Ahead(at("08:00:00"), 0, at("09:00:00")), GROUNDS
            ),
            "must lie after 2026-03-02T10:00:00.000Z",
        ),
        (
            lambda book: promotion_record(book, released("1.1.0", velocity__window_s=601), reach(), ahead(), GROUNDS),
            "give it a new version",
        ),
        (
            lambda book: promotion_record(
                book, released("1.9.0", velocity__window_s=90_000), reach(), ahead(), GROUNDS
            ),
            "velocity.window_s is 90000",
        ),
    ],
)
def test_a_change_that_would_break_a_promise_is_refused(change: Any, sentence: str) -> None:
    """In one sentence; the topic stays as it is."""
    book = RuleBook.from_records(
        [
            published(rule_set()),
            published(rule_set("1.1.0"), role="shadow"),
            published(rule_set("1.2.0"), "2026-03-02T10:00:00Z"),
        ]
    )
    with pytest.raises(InputError, match=sentence):
        change(book)


def test_promoting_what_is_live_changes_nothing_and_one_live_ever_cannot_be_rolled_back() -> None:
    """Neither makes a record."""
    book = RuleBook.from_records([published(rule_set())])
    assert promotion_record(book, released("1.0.0"), reach(), ahead(), GROUNDS) is None
    with pytest.raises(InputError, match="is the only one that was ever live"):
        rollback_record(book, None, ahead(), GROUNDS)
    with pytest.raises(InputError, match="no rule set is live"):
        rollback_record(RuleBook(), None, ahead(), GROUNDS)


def test_an_end_before_its_beginning_is_refused() -> None:
    """By the book, whoever wrote it."""
    record = published(rule_set("1.1.0"), "2026-03-02T12:00:00Z", "shadow") | {"until": "2026-03-02T11:00:00Z"}
    with pytest.raises(InputError, match="until lies before effective_from"):
        RuleBook.from_records([record])


def test_what_is_refused_leaves_the_rest_as_it_was() -> None:
    """Beyond the horizons, or another content under a published version: the records before and after count."""
    far = rule_set("2.0.0", velocity__window_s=90_000)
    records = [
        published(rule_set()),
        published(far, "2026-03-02T10:00:00Z"),
        published(rule_set(velocity__window_s=601), "2026-03-02T11:00:00Z"),
        published(rule_set("1.1.0"), "2026-03-02T12:00:00Z"),
    ]
    book = admitted(records, reach())
    assert sorted(book.cards) == ["1.0.0", "1.1.0"]
    assert [live(book, clock) for clock in ("10:30:00", "11:30:00", "12:00:00")] == ["1.0.0", "1.0.0", "1.1.0"]
    assert book.activations[0].effective_from_us == at(BEGINNING)
