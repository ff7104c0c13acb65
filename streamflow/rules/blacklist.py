"""blacklist: a purchase at a merchant that is listed at its event time.

Measures: `listed` (1 when an entry is valid) and `risk` (the entry's smoothed fraud share). The line is the heavier of
the two. An entry holds in [max(valid_from, effective_from), valid_to): what was not known at an event time never
decides about it. An entry published again under its id replaces the one before; to change only the future, close the
old entry with `valid_to` and add another. Known evasion: a new merchant name.
"""

from __future__ import annotations

from dataclasses import dataclass

from streamflow.contracts.timestamps import format_us
from streamflow.rules.ladder import Ladder, Reading, heaviest, line_of, not_applicable, round_scaled
from streamflow.rules.model import Line, Purchase

NAME = "blacklist"
SENTENCE_LIMIT = 512
"""Longest sentence that the decision contract takes; a reason alone may be as long."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One listing of one merchant; times are event time, epoch microseconds.

    Attributes:
        entry_id: Its identity on the fraud-rules topic.
        merchant_id: Who is listed.
        valid_from_us: First moment it holds.
        valid_to_us: First moment it no longer holds; None for ever.
        effective_from_us: It decides nothing before this moment.
        reason: Why, for the sentence.
        origin: manual or calibration.
        risk: Smoothed fraud share, 0 to 1, if measured.
    """

    entry_id: str
    merchant_id: str
    valid_from_us: int
    valid_to_us: int | None
    effective_from_us: int
    reason: str
    origin: str
    risk: float | None

    def holds(self, time_us: int) -> bool:
        """Tell whether the merchant is listed by this entry at that event time."""
        if time_us < self.valid_from_us or time_us < self.effective_from_us:
            return False
        return self.valid_to_us is None or time_us < self.valid_to_us


def strongest_entry(entries: tuple[Entry, ...], time_us: int) -> Entry | None:
    """Return the riskiest of the entries that hold; of equal ones the first by id."""
    holding = [entry for entry in entries if entry.holds(time_us)]
    if not holding:
        return None
    return min(holding, key=lambda entry: (1.0 if entry.risk is None else -entry.risk, entry.entry_id))


@dataclass(frozen=True, slots=True)
class Blacklist:
    """The rule with its parameters.

    Attributes:
        listed: Bands of `listed`.
        risk: Bands of `risk`; without bands the measure is off.
    """

    listed: Ladder
    risk: Ladder

    def _reading(self, entry: Entry) -> Reading:
        readings = [Reading(self.listed, self.listed.scale)]
        if self.risk.rungs and entry.risk is not None:
            readings.append(Reading(self.risk, round_scaled(entry.risk, self.risk.scale)))
        return heaviest(readings)

    def evaluate(self, entry: Entry | None) -> int:
        """Return the line's weight, micro log-odds; `entry` is the one that holds for the purchase."""
        return 0 if entry is None else self._reading(entry).weight_ulo

    def line(self, purchase: Purchase, entry: Entry | None) -> Line:
        """Explain the merchant."""
        if purchase.merchant_id is None:
            return not_applicable(NAME, "The purchase names no merchant")
        if entry is None:
            return line_of(NAME, Reading(self.listed, 0), f"Merchant {purchase.merchant_id} is not listed")
        since = format_us(max(entry.valid_from_us, entry.effective_from_us))
        sentence = f"Merchant {entry.merchant_id} is listed since {since}: {entry.reason}"
        return line_of(NAME, self._reading(entry), sentence[:SENTENCE_LIMIT])
