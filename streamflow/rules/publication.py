"""What may be published: checks that a new fraud-rules record must pass against the book in force.

A record changes only event times that no purchase has reached yet, so that a decision once made stays the decision of a
replay. The first live rule set is a case of its own: it starts at the beginning of time.
"""

from __future__ import annotations

from typing import Any

from streamflow.contracts.rule_sets import Horizons, RuleSet, check_horizons
from streamflow.contracts.timestamps import format_us
from streamflow.errors import InputError
from streamflow.rules.blacklist import Entry
from streamflow.rules.book import Activation, RuleBook
from streamflow.rules.model import Role

BEGINNING_US = 0
FUTURE_ONLY = "decisions already made would no longer be those of a replay"


def rule_set_record(
    book: RuleBook,
    rule_set: RuleSet,
    horizons: Horizons,
    *,
    role: Role,
    effective_from_us: int | None,
    reached_us: int | None,
) -> dict[str, Any] | None:
    """Return the record that gives a rule set a role, or None when the book already says so.

    Args:
        book: What is published so far.
        rule_set: The rule set.
        horizons: How far the detector's state reaches.
        role: live or shadow.
        effective_from_us: From which event time; None means from the beginning, or from where it already has the role.
        reached_us: An event time that no purchase in the log has reached; None while there are no purchases.

    Returns:
        The fraud-rules payload, or None.

    Raises:
        InputError: It exceeds the horizons, changes a published version, or comes too late.
    """
    check_horizons(rule_set, horizons)
    mine = [item for item in book.activations if item.version == rule_set.version]
    newest = max(mine, key=lambda item: item.effective_from_us, default=None)
    known = newest is not None and newest.role == role
    if known and newest is not None and effective_from_us in (None, newest.effective_from_us):
        _same(book, rule_set)
        return None
    lives = [item for item in book.activations if item.role == "live"]
    first_live = role == "live" and not lives
    if effective_from_us is None:
        if not first_live:
            raise InputError(
                f"Say from which event time rule set {rule_set.version} is {role}, as --effective-from "
                f"{format_us(reached_us or BEGINNING_US)}; only the first live one starts by itself."
            )
        effective_from_us = BEGINNING_US
    if not first_live:
        _in_time(f"Rule set {rule_set.version}", effective_from_us, reached_us)
        _after_the_last(rule_set.version, role, effective_from_us, lives)
    record = {
        "schema_version": "1.0.0",
        "kind": "rule_set",
        "version": rule_set.version,
        "effective_from": format_us(effective_from_us),
        "role": role,
        "rule_set": rule_set.payload(),
        "previous": [{"effective_from": format_us(item.effective_from_us), "role": item.role} for item in mine],
    }
    after = book.with_record(record)
    if book.live_at(effective_from_us) and not after.live_at(effective_from_us):
        raise InputError(
            f"Rule set {rule_set.version} is the only live one: as a {role} it would leave purchases unscored, so make "
            f"another one live first."
        )
    return record


def _same(book: RuleBook, rule_set: RuleSet) -> None:
    if book.cards[rule_set.version].rule_set != rule_set:
        raise InputError(
            f"Rule set {rule_set.version} differs from what was published under that version; give it a new version."
        )


def _in_time(what: str, effective_from_us: int, reached_us: int | None) -> None:
    if reached_us is not None and effective_from_us < reached_us:
        raise InputError(
            f"{what} comes too late: from {format_us(effective_from_us)} on, {FUTURE_ONLY}; the earliest is "
            f"{format_us(reached_us)}."
        )


def _after_the_last(version: str, role: Role, effective_from_us: int, lives: list[Activation]) -> None:
    """Refuse a live rule set that starts before another one already announced."""
    last = max(lives, key=lambda item: item.effective_from_us, default=None)
    if role == "live" and last is not None and effective_from_us <= last.effective_from_us:
        raise InputError(
            f"Rule set {version} cannot be live from {format_us(effective_from_us)}: {last.version} is, from "
            f"{format_us(last.effective_from_us)} on; the earliest is a microsecond later."
        )


def entry_record(book: RuleBook, entry: Entry, reached_us: int | None) -> dict[str, Any]:
    """Return the record that lists a merchant, or closes its entry.

    Args:
        book: What is published so far.
        entry: The entry as it shall be.
        reached_us: An event time that no purchase in the log has reached; None while there are no purchases.

    Returns:
        The fraud-rules payload.

    Raises:
        InputError: It would change decisions that were already made, or a field is wrong.
    """
    place = f"Blacklist entry {entry.entry_id}"
    old = book.entries.get(entry.entry_id)
    if old is None:
        _in_time(place, max(entry.valid_from_us, entry.effective_from_us), reached_us)
    elif entry != old:
        _same_but_its_end(old, entry)
        for end_us in (old.valid_to_us, entry.valid_to_us):
            if end_us is not None:
                _in_time(place, end_us, reached_us)
    record = {
        "schema_version": "1.0.0",
        "kind": "blacklist",
        "entry_id": entry.entry_id,
        "merchant_id": entry.merchant_id,
        "valid_from": format_us(entry.valid_from_us),
        "valid_to": None if entry.valid_to_us is None else format_us(entry.valid_to_us),
        "reason": entry.reason,
        "origin": entry.origin,
        "risk": entry.risk,
        "effective_from": format_us(entry.effective_from_us),
    }
    book.with_record(record)
    return record


def _same_but_its_end(old: Entry, new: Entry) -> None:
    if (old.merchant_id, old.valid_from_us, old.effective_from_us, old.risk) != (
        new.merchant_id,
        new.valid_from_us,
        new.effective_from_us,
        new.risk,
    ):
        raise InputError(
            f"Blacklist entry {old.entry_id} exists for merchant {old.merchant_id}; only its end can change, so "
            f"close it and add another."
        )
