"""Blacklist proposals: labels that are known by now list a merchant for a while, by the formula of calibrations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from streamflow.calibration.rules.learned_risk import LOOKBACK_DAYS, STRENGTH
from streamflow.replay.rule_topic import record_key
from streamflow.rules.book import RuleBook
from streamflow.rules.publication import entry_record
from streamflow.settings import Settings
from streamflow.warehouse.alerts import since
from streamflow.warehouse.blacklist_proposals import DEFAULT_SPAN, Proposal, propose
from streamflow.warehouse.transforms import bronze_to_silver
from tests.integration.test_warehouse.bronze_rows import Row, Stream, write

NOW = datetime(2026, 3, 25, tzinfo=UTC)
BEGIN = since(DEFAULT_SPAN, NOW)


@pytest.fixture
def silver(warehouse: Settings) -> Settings:
    """Give a month of purchases: `bad` has three frauds known by now in six, `slow` two of which one is known later."""
    stream = Stream(warehouse, detect=False)
    rows: list[Row] = []
    for number in range(180):
        merchant = {0: "bad", 1: "slow"}.get(number % 30, f"good-{number % 30}")
        at = f"2026-03-{1 + number // 9:02d}T{number % 9 + 8:02d}:00:00Z"
        rows += stream.purchase(f"t{number}", at, merchant_id=merchant)
    rows += stream.purchase("old", "2026-02-01T08:00:00Z", merchant_id="old")
    known, later = "2026-03-20T08:00:00Z", "2026-03-26T08:00:00Z"
    for number, at in ((0, known), (30, known), (60, known), (1, known), (31, later)):
        rows += stream.chargeback(f"e{number}", f"t{number}", at)
    rows += stream.verdict("v90", "t90", known, "legitimate")
    write(warehouse, rows)
    assert bronze_to_silver(warehouse, "test").rows_out > 180
    return warehouse


def test_a_merchant_is_proposed_with_the_risk_that_calibrations_learn(silver: Settings) -> None:
    """Smoothed towards the share of all; one known fraud is no evidence."""
    (found,) = propose(silver, BEGIN, NOW)
    base = 4 / 180
    assert (found.merchant_id, found.frauds, found.purchases) == ("bad", 3, 6)
    assert found.risk == pytest.approx((3 + STRENGTH * base) / (6 + STRENGTH), abs=1e-6)


def test_a_label_counts_from_the_moment_it_is_known(silver: Settings) -> None:
    """Two days later the second fraud of `slow` is known; five weeks later nothing is left in the window."""
    two = NOW + timedelta(days=2)
    assert [one.merchant_id for one in propose(silver, since(DEFAULT_SPAN, two), two)] == ["bad", "slow"]
    late = NOW + timedelta(days=35)
    assert propose(silver, since(DEFAULT_SPAN, late), late) == []


def test_an_entry_ends_when_nothing_of_its_evidence_is_left(silver: Settings) -> None:
    """It is a record that the fraud-rules topic takes, and says on what it rests."""
    (found,) = propose(silver, BEGIN, NOW)
    from_us = round(NOW.timestamp()) * 1_000_000
    entry = found.entry(from_us)
    assert entry.valid_to_us == from_us + LOOKBACK_DAYS * 86_400_000_000
    record = entry_record(RuleBook.from_records([]), entry, from_us)
    assert (record["origin"], record["valid_to"]) == ("calibration", "2026-04-22T00:00:00.000Z")
    assert record["reason"] == "3 of 6 purchases from 2026-02-25 to 2026-03-25 are labelled fraud"
    assert record_key(record) == f"blacklist/labels:bad:{from_us // 1_000_000}"


def test_long_names_of_merchants_have_entries_of_their_own() -> None:
    """Two that begin alike do not overwrite each other on a compacted topic."""
    ids = {Proposal("m" * 63 + end, 0.5, 9, 3, BEGIN, NOW).entry(1_772_000_000_000_000).entry_id for end in "ab"}
    assert len(ids) == 2
    assert max(map(len, ids)) <= 64
