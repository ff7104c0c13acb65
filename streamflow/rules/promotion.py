"""Changing what is in force: promote, roll back, retire. Each change is one record that says who asked for it, and why.

Every change lies a margin ahead of the newest purchase, so that each subtask of the detector has it before the first
purchase that it is about. A promotion that is still ahead by that margin is rolled back by withdrawing it::

    purchases          promote 1.1.0            rollback, in time: withdrawn, 1.0.0 goes on
    ------------->|    |<-- margin -->|         rollback, later:   1.0.0 is live again, a margin ahead
               newest             effective_from
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from streamflow.contracts.rule_sets import Horizons, RuleSet, check_horizons
from streamflow.contracts.timestamps import format_us
from streamflow.errors import InputError, nearest
from streamflow.rules.book import Activation, RuleBook
from streamflow.rules.publication import (
    BEGINNING_US,
    in_time,
    live_roles,
    newest_role,
    role_record,
    same_content,
)

Action = Literal["promote", "rollback", "withdraw", "retire"]
_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Grounds:
    """Who changes what is in force, and on what grounds.

    Attributes:
        by: Name of the operating system's user.
        at_us: Wall clock, epoch microseconds.
        reason: Why, in that user's words.
        forced: Whether the gate was passed over.
        evidence: What the gate judged.
    """

    by: str
    at_us: int
    reason: str | None = None
    forced: bool = False
    evidence: Mapping[str, Any] | None = None

    def payload(self, action: Action, replaces: str | None) -> dict[str, Any]:
        """Return the object `promotion` of a fraud-rules record."""
        return {
            "action": action,
            "by": self.by,
            "at": format_us(self.at_us),
            "replaces": replaces,
            "reason": self.reason,
            "forced": self.forced,
            "evidence": None if self.evidence is None else dict(self.evidence),
        }


@dataclass(frozen=True, slots=True)
class Ahead:
    """From which event time a change may count.

    Attributes:
        reached_us: An event time that no purchase in the log has reached; None while there are no purchases.
        margin_us: How far ahead of it a change lies when nobody says from when on.
        asked_us: What the user says.
    """

    reached_us: int | None
    margin_us: int
    asked_us: int | None = None

    def moment(self, what: str, after_us: int | None) -> int:
        """Return the event time of a change.

        Args:
            what: The change, for the error.
            after_us: It must lie after this one; None for no such bound.

        Raises:
            InputError: The user asks for one that purchases may have reached, or that does not lie after the bound.
        """
        if self.asked_us is not None:
            in_time(what, self.asked_us, self.reached_us)
            if after_us is not None and self.asked_us <= after_us:
                raise InputError(
                    f"{what} cannot count from {format_us(self.asked_us)}: it must lie after {format_us(after_us)}, "
                    f"where the newest live one begins."
                )
            return self.asked_us
        earliest_us = self.soonest_us
        if after_us is not None:
            earliest_us = max(earliest_us, after_us + 1)
        return -(-earliest_us // _SECOND_US) * _SECOND_US

    @property
    def soonest_us(self) -> int:
        """The first event time that every subtask surely hears of in time."""
        return BEGINNING_US if self.reached_us is None else self.reached_us + self.margin_us


def live_before(book: RuleBook) -> RuleSet | None:
    """Return the rule set that a promotion now replaces: the newest live one, announced ones included."""
    lives = live_roles(book)
    return book.cards[lives[-1].version].rule_set if lives else None


def promotion_record(
    book: RuleBook, rule_set: RuleSet, horizons: Horizons, ahead: Ahead, grounds: Grounds
) -> dict[str, Any] | None:
    """Return the record that makes a rule set live, or None when it is the newest live one already.

    The first live one counts from the beginning of time, since without one no job has decided anything.

    Raises:
        InputError: It exceeds the horizons, differs from what was published, or comes too late.
    """
    check_horizons(rule_set, horizons)
    same_content(book, rule_set)
    lives = live_roles(book)
    if not lives and ahead.asked_us is None:
        first = Activation(BEGINNING_US, rule_set.version, "live")
        return role_record(book, rule_set, first) | {"promotion": grounds.payload("promote", None)}
    if lives and lives[-1].version == rule_set.version:
        return None
    last_us = lives[-1].effective_from_us if lives else None
    from_us = ahead.moment(f"Rule set {rule_set.version}", last_us)
    role = Activation(from_us, rule_set.version, "live")
    replaces = lives[-1].version if lives else None
    return role_record(book, rule_set, role) | {"promotion": grounds.payload("promote", replaces)}


def rollback_record(book: RuleBook, to: str | None, ahead: Ahead, grounds: Grounds) -> dict[str, Any]:
    """Return the record that puts the rule set before the present one back in force, or the one named.

    Args:
        book: What is published so far.
        to: A version that was live once; None for the one before the present.
        ahead: From when on it may count.
        grounds: Who and why.

    Raises:
        InputError: There is no such rule set, or it would come too late.
    """
    lives = live_roles(book)
    if len(lives) < 2:
        only = f"{lives[0].version} is the only one that was ever live" if lives else "no rule set is live"
        raise InputError(f"There is nothing to roll back to: {only}.")
    last = lives[-1]
    before = next((item.version for item in reversed(lives) if item.version != last.version), last.version)
    target = before if to is None else to
    if target not in {item.version for item in lives}:
        raise InputError(f"Rule set {target} was never live; {nearest(target, {item.version for item in lives})}")
    if target == last.version:
        raise InputError(f"Rule set {target} is the one in force; name another with --to, or none.")
    if target == lives[-2].version and last.effective_from_us >= ahead.soonest_us and ahead.asked_us is None:
        never = replace(last, until_us=last.effective_from_us)
        record = role_record(book, book.cards[last.version].rule_set, never)
        return record | {"promotion": grounds.payload("withdraw", target)}
    role = Activation(ahead.moment(f"Rule set {target}", last.effective_from_us), target, "live")
    record = role_record(book, book.cards[target].rule_set, role)
    return record | {"promotion": grounds.payload("rollback", last.version)}


def retirement_record(book: RuleBook, version: str, ahead: Ahead, grounds: Grounds) -> dict[str, Any]:
    """Return the record that ends a shadow.

    Raises:
        InputError: It is no shadow: never published, live, or retired already.
    """
    if version not in book.cards:
        raise InputError(f"Rule set {version} was never published; {nearest(version, book.cards)}")
    role = newest_role(book, version)
    if role is None:
        raise InputError(f"Rule set {version} is retired already.")
    if role.role == "live":
        raise InputError(
            f"Rule set {version} is or was live and no shadow: promote another one, or run 'streamflow rules rollback'."
        )
    asked_us = ahead.moment(f"The end of {version}", None)
    ended = replace(role, until_us=max(asked_us, role.effective_from_us))
    record = role_record(book, book.cards[version].rule_set, ended)
    return record | {"promotion": grounds.payload("retire", None)}
