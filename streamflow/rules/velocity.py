"""velocity: many purchases of one customer in a short time.

Measure: `purchases`, the customer's purchases in (t - window, t], this one included, counted in the order
(event time, transaction_id)::

    t - window                                t
        (------------------------------------]
        x      o      o     o      o      o      o = counted; x lies exactly on the open edge and is not

At most `HISTORY_LIMIT` earlier purchases are counted. Known evasion: space purchases wider than the window.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from streamflow.rules.history import HISTORY_LIMIT, CustomerState
from streamflow.rules.ladder import Ladder, Reading, line_of
from streamflow.rules.model import Line, Purchase

NAME = "velocity"


def duration(seconds: int) -> str:
    """Write a duration for a person, in the largest unit that divides it."""
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {name}{'' if seconds == size else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def window_start(history: CustomerState, end: int, after_us: int) -> int:
    """Return the first of the rows before `end` that lies in the window (after_us, ...] and may be seen."""
    times = history.times
    # Nearly always the window is empty or reaches back a purchase or two; then no search is needed.
    if end == 0 or times[end - 1] <= after_us:
        return end
    return bisect_right(times, after_us, max(0, end - HISTORY_LIMIT), end)


@dataclass(frozen=True, slots=True)
class Velocity:
    """The rule with its parameters.

    Attributes:
        window_s: Length of the window, seconds.
        window_us: The same in microseconds.
        purchases: Bands of `purchases`.
    """

    window_s: int
    window_us: int
    purchases: Ladder

    def observe(self, purchase: Purchase, history: CustomerState, end: int) -> int:
        """Return how many purchases the window holds; rows before `end` are the earlier ones."""
        return end - window_start(history, end, purchase.event_time_us - self.window_us) + 1

    def evaluate(self, purchase: Purchase, history: CustomerState, end: int) -> int:
        """Return the line's weight, micro log-odds."""
        count = self.observe(purchase, history, end)
        return 0 if count < self.purchases.lowest else self.purchases.weight(self.purchases.strength(count))

    def evidence(self, purchase: Purchase, history: CustomerState, end: int) -> list[str]:
        """Return the ids of the earlier purchases in the window."""
        return history.ids[window_start(history, end, purchase.event_time_us - self.window_us) : end]

    def line(self, purchase: Purchase, history: CustomerState, end: int) -> Line:
        """Explain the count; the sentence's limit is the largest count below the band."""
        count = self.observe(purchase, history, end)
        reading = Reading(self.purchases, count)
        bound = self.purchases.limit(reading.strength)
        more = " or more" if count > HISTORY_LIMIT else ""
        noun = "purchase" if count == 1 else "purchases"
        sentence = f"{count}{more} {noun} in {duration(self.window_s)}"
        return line_of(NAME, reading, sentence if bound is None else f"{sentence}; the limit is {int(bound) - 1}")
