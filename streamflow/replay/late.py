"""Late purchases judged apart: against the state of their own time, as if everything had come in order.

The stream leaves a purchase unscored that comes behind its customer's watermark. Here it is judged by the purchases of
that customer that precede it in (event time, transaction_id) and stand before it in the log, late ones included: a
function of the log alone, whenever it is computed. No decision of the stream changes by it (ADR 0019). ::

    log         1     2     3     4 (late)   5
    event time  9:00  9:05  9:30  9:10       9:40
    judged by                     1, 2
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

import msgspec

from streamflow.contracts.rule_sets import Horizons
from streamflow.rules.book import RuleBook
from streamflow.rules.engine import Engine
from streamflow.rules.history import CustomerState, decode, encode
from streamflow.rules.model import Decided, Decision, Position, Purchase

CHECKPOINT_EVERY: Final = 256
"""Purchases between two kept states: a late purchase costs at most so many steps and those that it is late by."""

_NOWHERE: Final = Position(0, 0)
"""No decision depends on where a record stands, only on what stands before it."""


def late_engine(book: RuleBook, horizons: Horizons) -> Engine:
    """Return an engine for purchases in order of event time, for which none of them is late.

    Args:
        book: The rule book.
        horizons: Those of the stream. Many purchases of one moment make its watermark reach that moment, so the bound
            is at least a second here and nothing settles early; in order of event time neither changes a decision.
    """
    bound_s = max(horizons.max_out_of_orderness_s, 1)
    return Engine(book, msgspec.structs.replace(horizons, max_out_of_orderness_s=bound_s, max_pending=2**31))


class Timeline:
    """Purchases of one customer and one log in (event time, transaction_id), with states kept along the way.

    Args:
        engine: From `late_engine`.
        checkpoint_every: Purchases between two kept states; a matter of speed only.
    """

    def __init__(self, engine: Engine, checkpoint_every: int = CHECKPOINT_EVERY) -> None:
        self._engine = engine
        self._every = checkpoint_every
        self._purchases: list[Purchase] = []
        self._kept: list[tuple[int, bytes]] = []

    def add(self, purchase: Purchase) -> None:
        """Add the next purchase of the log; each transaction_id once."""
        place = self._place(purchase)
        self._purchases.insert(place, purchase)
        while self._kept and self._kept[-1][0] > place:
            self._kept.pop()

    def judge(self, purchase: Purchase) -> list[Decision]:
        """Return what each rule set in force at its time says about a purchase, judged by what precedes it.

        A rule set that has nothing to say is left out, as the stream leaves it out.
        """
        outcomes = self._engine.process_state(self.state_before(purchase), purchase, _NOWHERE)
        return [one.decision for one in outcomes if isinstance(one, Decided)]

    def state_before(self, purchase: Purchase) -> CustomerState:
        """Return the customer's state by all that precedes a purchase; the caller may change it."""
        place = self._place(purchase)
        count, state = self._kept_before(place)
        for number in range(count, place):
            self._engine.process_state(state, self._purchases[number], _NOWHERE)
            if (number + 1) % self._every == 0:
                self._kept.append((number + 1, encode(state)))
        return state

    def _kept_before(self, place: int) -> tuple[int, CustomerState]:
        """Return the newest kept state that holds at most `place` purchases, and how many it holds."""
        for count, state in reversed(self._kept):
            if count <= place:
                return count, decode(state)
        return 0, CustomerState()

    def _place(self, purchase: Purchase) -> int:
        return bisect_left(self._purchases, _order(purchase), key=_order)


def _order(purchase: Purchase) -> tuple[int, str]:
    return purchase.event_time_us, purchase.transaction_id
