"""What may be published: checks that a new fraud-rules record must pass against the book in force.

A record changes only event times that no purchase has reached yet, so that a decision once made stays the decision of a
replay. The first live rule set is a case of its own: it starts at the beginning of time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from streamflow.contracts.rule_sets import Horizons, RuleSet, check_horizons
from streamflow.contracts.timestamps import format_us
from streamflow.errors import InputError
from streamflow.rules.blacklist import Entry
from streamflow.rules.book import Activation, RuleBook
from streamflow.rules.model import Role

BEGINNING_US = 0
RECORD_VERSION = "1.1.0"
"""Version of the fraud-rules contract that is written here; a test holds it against the catalogue."""
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
    newest = newest_role(book, rule_set.version)
    if newest is not None and newest.role == role and effective_from_us in (None, newest.effective_from_us):
        same_content(book, rule_set)
        return None
    lives = live_roles(book)
    first_live = role == "live" and not lives
    if effective_from_us is None:
        if not first_live:
            raise InputError(
                f"Say from which event time rule set {rule_set.version} is {role}, as --effective-from "
                f"{format_us(reached_us or BEGINNING_US)}; only the first live one starts by itself."
            )
        effective_from_us = BEGINNING_US
    if not first_live:
        in_time(f"Rule set {rule_set.version}", effective_from_us, reached_us)
        _after_the_last(rule_set.version, role, effective_from_us, lives)
    role_from = Activation(effective_from_us, rule_set.version, role)
    record = role_record(book, rule_set, role_from)
    after = book.with_record(record)
    if book.live_at(effective_from_us) and not after.live_at(effective_from_us):
        raise InputError(
            f"Rule set {rule_set.version} is the only live one: as a {role} it would leave purchases unscored, so make "
            f"another one live first."
        )
    return record


def newest_role(book: RuleBook, version: str) -> Activation | None:
    """Return the role that a version takes last, unless that was withdrawn or has an end."""
    mine = [item for item in book.activations if item.version == version and not item.withdrawn]
    newest = max(mine, key=lambda item: item.effective_from_us, default=None)
    return None if newest is None or newest.until_us is not None else newest


def live_roles(book: RuleBook) -> list[Activation]:
    """Return when which version was made live, oldest first."""
    lives = [item for item in book.activations if item.role == "live" and not item.withdrawn]
    return sorted(lives, key=lambda item: item.effective_from_us)


def role_record(book: RuleBook, rule_set: RuleSet, role: Activation) -> dict[str, Any]:
    """Return the record that says a role of a version, with the version's other roles as `previous`.

    A live one takes the place of whatever was announced for later about the same version, which has decided nothing.
    """
    others = [
        item
        for item in book.activations
        if item.version == role.version and item.effective_from_us != role.effective_from_us
    ]
    return {
        "schema_version": RECORD_VERSION,
        "kind": "rule_set",
        "version": role.version,
        "rule_set": rule_set.payload(),
        "previous": [_said(item) for item in _superseded(others, role)],
    } | _said(role)


def _superseded(others: Iterable[Activation], role: Activation) -> Iterable[Activation]:
    for item in others:
        later = role.role == "live" and item.effective_from_us > role.effective_from_us
        yield Activation(item.effective_from_us, item.version, item.role, item.effective_from_us) if later else item


def _said(item: Activation) -> dict[str, Any]:
    said = {"effective_from": format_us(item.effective_from_us), "role": item.role}
    return said if item.until_us is None else said | {"until": format_us(item.until_us)}


def same_content(book: RuleBook, rule_set: RuleSet) -> None:
    """Refuse a rule set that differs from what was published under its version."""
    known = book.cards.get(rule_set.version)
    if known is not None and known.rule_set != rule_set:
        raise InputError(
            f"Rule set {rule_set.version} differs from what was published under that version; give it a new version."
        )


def in_time(what: str, effective_from_us: int, reached_us: int | None) -> None:
    """Refuse a change at an event time that purchases may have reached."""
    if reached_us is not None and effective_from_us < reached_us:
        raise InputError(
            f"{what} comes too late: from {format_us(effective_from_us)} on, {FUTURE_ONLY}; the earliest is "
            f"{format_us(reached_us)}."
        )


def _after_the_last(version: str, role: Role, effective_from_us: int, lives: list[Activation]) -> None:
    """Refuse a live rule set that starts before another one already announced."""
    last = lives[-1] if lives else None
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
        in_time(place, max(entry.valid_from_us, entry.effective_from_us), reached_us)
    elif entry != old:
        _same_but_its_end(old, entry)
        for end_us in (old.valid_to_us, entry.valid_to_us):
            if end_us is not None:
                in_time(place, end_us, reached_us)
    record = {
        "schema_version": RECORD_VERSION,
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
