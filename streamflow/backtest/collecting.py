"""Weights in place of decisions: the scorecard's own arithmetic, kept by row, and a state for long histories.

A backtest asks for the five weights of every purchase and for nothing that a person reads, so no lines are built. In
the book a `Collector` stands where a scorecard stands; the engine, and with it which purchases come before which and
which amounts raise a mean, is the stream's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import msgspec

from streamflow.backtest.rows import Placed
from streamflow.rules.blacklist import Entry
from streamflow.rules.history import CustomerState, Sums
from streamflow.rules.model import Line, Purchase
from streamflow.rules.scorecard import Assessment, Scorecard

Five = tuple[int, int, int, int, int]

# The engine notes which purchases are flagged by what it would send: one record that says something, and one that says
# nothing any more. Neither is ever looked at.
_LINE = Line("high_value", True, None, None, None, None, None, None, 1, "")
_FLAGGED = Assessment(0, 0.0, True, (_LINE,), ())
_CLEARED = Assessment(0, 0.0, False, (), ())


class Collector:
    """Stands in a book where a scorecard stands, and keeps the weights of purchases about which it says something.

    Args:
        card: The scorecard.
        name: What the book knows it by; two rule sets of the same version may be compared.
        listings: By row, the blacklist entry that holds; None where the book's own entries count.

    Attributes:
        found: By row, the weights of the five lines; rows on which none weighs are not in it.
    """

    def __init__(self, card: Scorecard, name: str, listings: Mapping[int, Entry] | None) -> None:
        self.rule_set, self.version = card.rule_set, name
        self.calibrated, self.calibration_id = card.calibrated, card.calibration_id
        self.found: dict[int, Five] = {}
        self._card = card
        self._listings = listings
        self._needed = card.alert_threshold_ulo - card.prior_ulo

    def assess(
        self, purchase: Placed, sums: Sums, history: CustomerState, end: int, entry: Entry | None
    ) -> Assessment | None:
        """Keep the weights; return an assessment only if the purchase is flagged."""
        card = self._card
        if self._listings is not None:
            entry = self._listings.get(purchase.row)
        legit_sum, legit_count = sums.lane(self.version)
        weights = (
            card.high_value.evaluate(purchase, legit_sum, legit_count),
            card.velocity.evaluate(purchase, history, end),
            card.geographic.evaluate(purchase, history, end),
            card.time_anomaly.evaluate(purchase, sums),
            card.blacklist.evaluate(entry),
        )
        if not any(weights):
            self.found.pop(purchase.row, None)
            return None
        self.found[purchase.row] = weights
        return _FLAGGED if sum(weights) >= self._needed else None

    def explain(self, *_: object) -> Assessment:
        """Say that a purchase is flagged no more; the engine asks where it was and `assess` has nothing to say."""
        return _CLEARED


class LongState(CustomerState, array_like=True):
    """A customer's state that finds a remembered id at once, however many there are; it is never encoded.

    The stream keeps ids in one string, which is smallest and quick for the few purchases of a customer and a day. A
    file may hold a customer with a million.
    """

    known: dict[str, int] = msgspec.field(default_factory=dict)
    arrivals: deque[tuple[int, str]] = msgspec.field(default_factory=deque)

    def seen(self, transaction_id: str) -> int | None:
        """Return the digest under which an id is remembered, or None."""
        return self.known.get(transaction_id)

    def remember(self, purchase: Purchase) -> None:
        """Remember an id from now on."""
        self.known[purchase.transaction_id] = purchase.digest
        self.arrivals.append((max(self.high_us, purchase.event_time_us), purchase.transaction_id))

    def forget_ids(self, before_us: int) -> None:
        """Drop ids that arrived while the highest event time was below `before_us`."""
        arrivals = self.arrivals
        while arrivals and arrivals[0][0] < before_us:
            del self.known[arrivals.popleft()[1]]

    def restart(self) -> None:
        """Forget everything."""
        CustomerState.restart(self)
        self.known.clear()
        self.arrivals.clear()
