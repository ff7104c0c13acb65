"""The book: which rule sets and which blacklist entries are in force at an event time.

Built from the records of the fraud-rules topic, in the order of its log. A rule set's record says from when it has
which role; `previous` in it repeats the version's earlier roles, because compaction keeps only the newest record of a
version. At an event time the live rule set is, of the versions whose newest role by then is live, the one that took it
last. Before the first one nothing is in force: purchases are unscored, never scored by a rule set of a later time.

A role ends with the version's next one, or at `until`. A shadow that was retired has an end; a promotion that was
withdrawn before its event time ends where it begins, and then counts as never said.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from streamflow.contracts.rule_sets import rule_set_from
from streamflow.contracts.timestamps import parse_us
from streamflow.errors import InputError, nearest
from streamflow.rules.blacklist import Entry, strongest_entry
from streamflow.rules.compiler import compile_rule_set
from streamflow.rules.model import Role
from streamflow.rules.scorecard import Scorecard

KINDS = ("rule_set", "blacklist")
ROLES = ("live", "shadow")


@dataclass(frozen=True, slots=True)
class Activation:
    """A version takes a role from an event time on; times are epoch microseconds.

    Attributes:
        effective_from_us: Its first moment.
        version: The rule set.
        role: What it does.
        until_us: The first moment it has the role no more; None means until it takes another.
    """

    effective_from_us: int
    version: str
    role: Role
    until_us: int | None = None

    @property
    def withdrawn(self) -> bool:
        """Whether it ends before it began, hence was never in force."""
        return self.until_us is not None and self.until_us <= self.effective_from_us

    def holds(self, time_us: int) -> bool:
        """Tell whether it began by an event time and had not ended by itself."""
        return self.effective_from_us <= time_us and (self.until_us is None or time_us < self.until_us)


@dataclass(frozen=True, slots=True)
class InForce:
    """The rule sets in force at one event time.

    Attributes:
        live: The one that alerts; None before the first.
        shadows: Those that run beside it, by version.
        lanes: All of them with their roles, the live one first.
    """

    live: Scorecard | None
    shadows: tuple[Scorecard, ...]
    lanes: tuple[tuple[Scorecard, Role], ...]


def parse_time(text: Any, place: str) -> int:
    """Return epoch microseconds of an RFC 3339 text.

    Args:
        text: The text, with zone.
        place: Where it stands, for the error.

    Raises:
        InputError: It is no such text.
    """
    time_us = parse_us(text) if isinstance(text, str) else None
    if time_us is None:
        raise InputError(f"{place} must be a time with zone as 2026-03-01T00:00:00Z, not {text!r}.")
    return time_us


def _need(record: Mapping[str, Any], name: str, place: str) -> Any:
    try:
        return record[name]
    except KeyError:
        raise InputError(f"{place} lacks '{name}'.") from None


def entry_from(record: Mapping[str, Any]) -> Entry:
    """Return the blacklist entry that a fraud-rules record carries.

    Raises:
        InputError: A field is missing or wrong.
    """
    entry_id = str(_need(record, "entry_id", "A blacklist record"))
    place = f"Blacklist entry {entry_id}"
    valid_to, risk = record.get("valid_to"), record.get("risk")
    valid_from_us = parse_time(_need(record, "valid_from", place), f"{place}: valid_from")
    if risk is not None and not (isinstance(risk, int | float) and 0 <= risk <= 1):
        raise InputError(f"{place}: risk must be a number from 0 to 1, not {risk!r}.")
    entry = Entry(
        entry_id,
        str(_need(record, "merchant_id", place)),
        valid_from_us,
        None if valid_to is None else parse_time(valid_to, f"{place}: valid_to"),
        parse_time(record.get("effective_from", record["valid_from"]), f"{place}: effective_from"),
        str(_need(record, "reason", place)),
        str(record.get("origin", "manual")),
        None if risk is None else float(risk),
    )
    if entry.valid_to_us is not None and entry.valid_to_us < valid_from_us:
        raise InputError(f"{place}: valid_to lies before valid_from.")
    return entry


class RuleBook:
    """Rule sets with their roles over event time, and the blacklist; never changed, `with_record` returns another.

    Args:
        cards: Every version's scorecard.
        activations: Roles in the order of the log; a later one for the same version and time replaces the earlier.
        entries: Blacklist entries by id.
    """

    __slots__ = ("_breaks", "_by_merchant", "_segments", "activations", "cards", "entries")

    def __init__(
        self,
        cards: Mapping[str, Scorecard] | None = None,
        activations: Iterable[Activation] = (),
        entries: Mapping[str, Entry] | None = None,
    ) -> None:
        self.cards = dict(cards or {})
        self.activations = tuple(activations)
        self.entries = dict(entries or {})
        ends = {item.until_us for item in self.activations if item.until_us is not None}
        self._breaks = sorted(ends | {item.effective_from_us for item in self.activations})
        self._segments = [InForce(None, (), ()), *(self._force(time_us) for time_us in self._breaks)]
        by_merchant: dict[str, tuple[Entry, ...]] = {}
        for entry in self.entries.values():
            by_merchant[entry.merchant_id] = (*by_merchant.get(entry.merchant_id, ()), entry)
        self._by_merchant = by_merchant

    def _force(self, time_us: int) -> InForce:
        newest: dict[str, Activation] = {}
        for item in self.activations:
            known = newest.get(item.version)
            begun = item.effective_from_us <= time_us and not item.withdrawn
            if begun and (known is None or known.effective_from_us <= item.effective_from_us):
                newest[item.version] = item
        newest = {version: item for version, item in newest.items() if item.holds(time_us)}
        lives = [item for item in newest.values() if item.role == "live"]
        live = max(lives, key=lambda item: (item.effective_from_us, self.activations.index(item)), default=None)
        card = None if live is None else self.cards[live.version]
        shadows = tuple(self.cards[version] for version in sorted(newest) if newest[version].role == "shadow")
        lanes: list[tuple[Scorecard, Role]] = [] if card is None else [(card, "live")]
        return InForce(card, shadows, (*lanes, *((shadow, "shadow") for shadow in shadows)))

    @classmethod
    def from_records(cls, records: Iterable[Mapping[str, Any]]) -> RuleBook:
        """Build a book from fraud-rules payloads in the order of their log.

        Raises:
            InputError: A record is wrong; the sentence says which and why.
        """
        cards: dict[str, Scorecard] = {}
        activations: dict[Activation, None] = {}
        entries: dict[str, Entry] = {}
        for record in records:
            _absorb(record, cards, activations, entries)
        return cls(cards, activations, entries)

    def with_record(self, record: Mapping[str, Any]) -> RuleBook:
        """Return the book with one more fraud-rules payload.

        Raises:
            InputError: The record is wrong, or changes a released rule set; this book stays as it is.
        """
        cards, activations, entries = dict(self.cards), dict.fromkeys(self.activations), dict(self.entries)
        _absorb(record, cards, activations, entries)
        return RuleBook(cards, activations, entries)

    def in_force(self, time_us: int) -> InForce:
        """Return the rule sets in force at an event time."""
        return self._segments[bisect_right(self._breaks, time_us)]

    def live_at(self, time_us: int) -> Scorecard | None:
        """Return the live rule set at an event time, or None before the first."""
        return self.in_force(time_us).live

    def shadows_at(self, time_us: int) -> tuple[Scorecard, ...]:
        """Return the shadow rule sets at an event time."""
        return self.in_force(time_us).shadows

    def listed(self, merchant_id: str | None, time_us: int) -> Entry | None:
        """Return the entry that lists a merchant at an event time, or None."""
        entries = self._by_merchant.get(merchant_id) if merchant_id is not None else None
        return None if entries is None else strongest_entry(entries, time_us)


def _absorb(
    record: Mapping[str, Any],
    cards: dict[str, Scorecard],
    activations: dict[Activation, None],
    entries: dict[str, Entry],
) -> None:
    """Add one fraud-rules payload to the parts of a book; raises `InputError` before it changes any."""
    kind = _need(record, "kind", "A fraud-rules record")
    if kind == "blacklist":
        entry = entry_from(record)
        entries[entry.entry_id] = entry
        return
    if kind != "rule_set":
        raise InputError(f"A fraud-rules record has the kind '{kind}'; {nearest(str(kind), KINDS)}")
    card = compile_rule_set(rule_set_from(_need(record, "rule_set", "A rule_set record")))
    place = f"Rule set {card.version}"
    if record.get("version", card.version) != card.version:
        raise InputError(f"{place} travels under the version '{record['version']}'; both must be the same.")
    known = cards.get(card.version)
    if known is not None and known.rule_set != card.rule_set:
        raise InputError(f"{place} differs from what was published under that version; give it a new version.")
    roles = [_activation(item, card.version) for item in (*record.get("previous", ()), record)]
    cards[card.version] = card
    for item in roles:
        # The last word about a version and a moment counts; said again it keeps its place in the order.
        for known_item in [one for one in activations if _moment(one) == _moment(item) and one != item]:
            del activations[known_item]
        activations[item] = None


def _moment(item: Activation) -> tuple[str, int]:
    return item.version, item.effective_from_us


def _activation(item: Mapping[str, Any], version: str) -> Activation:
    place = f"Rule set {version}"
    role = _need(item, "role", place)
    if role not in ROLES:
        raise InputError(f"{place} has the role '{role}'; {nearest(str(role), ROLES)}")
    from_us = parse_time(_need(item, "effective_from", place), f"{place}: effective_from")
    until = item.get("until")
    until_us = None if until is None else parse_time(until, f"{place}: until")
    if until_us is not None and until_us < from_us:
        raise InputError(f"{place}: until lies before effective_from.")
    return Activation(from_us, version, role, until_us)
