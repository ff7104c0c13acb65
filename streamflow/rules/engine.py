"""The engine: one customer's log in, decisions out; a function of the log alone.

Each purchase joins its customer's pending list, sorted by (event time, transaction_id), and is evaluated at once
against everything before it; pending purchases after it are evaluated again, and what changed is sent again. What the
customer's watermark (highest event time seen minus the bound) has passed is settled when that customer's next purchase
comes. One bound of 60 s, three arrivals::

    arrival   event time   pending afterwards      sent
    1         10:00:00     [10:00:00]              its decision, revision 0
    2         10:00:50     [10:00:00, 10:00:50]    its decision
    3         10:00:20     [.., 10:00:20, ..]      its decision, and 10:00:50 again if that changed it
    4         10:02:00     [10:02:00]              its decision; the three before are settled, nothing is sent
    5         10:01:00     late: at or behind the watermark 10:01:00
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left

from streamflow.contracts.rule_sets import Horizons, check_horizons
from streamflow.rules.book import InForce, RuleBook
from streamflow.rules.high_value import fold as fold_amount
from streamflow.rules.history import CustomerState, Mark, Pending, Sums, decode, encode
from streamflow.rules.model import (
    SCORED,
    Conflict,
    Decided,
    Decision,
    Duplicate,
    LatePurchase,
    Outcome,
    Position,
    Purchase,
    Role,
    Unscored,
)
from streamflow.rules.scorecard import Assessment, Scorecard
from streamflow.rules.time_anomaly import COS, SIN, minute_of_day

_SECOND_US = 1_000_000
_SILENT = 0


class Engine:
    """Runs the rule sets of a book over customers' logs; holds no customer itself.

    Args:
        book: Rule sets and blacklist; assign another to `book` when the fraud-rules topic brings a record.
        horizons: How far state reaches.

    Raises:
        InputError: A rule set asks for more history than state keeps.
    """

    __slots__ = ("_book", "_bound_us", "_dedup_us", "_max_pending", "_retention_us", "_window_us", "horizons")

    def __init__(self, book: RuleBook, horizons: Horizons) -> None:
        self.horizons = horizons
        self.book = book
        self._bound_us = horizons.max_out_of_orderness_s * _SECOND_US
        self._retention_us = horizons.retention_s * _SECOND_US
        self._dedup_us = horizons.dedup_horizon_s * _SECOND_US
        self._max_pending = horizons.max_pending
        self._window_us = horizons.max_window_s * _SECOND_US

    @property
    def book(self) -> RuleBook:
        """The book in use; assigning one with a rule set that exceeds the horizons raises, and this one stays."""
        return self._book

    @book.setter
    def book(self, book: RuleBook) -> None:
        for card in book.cards.values():
            check_horizons(card.rule_set, self.horizons)
        self._book = book

    def process(self, state: bytes | None, purchase: Purchase, position: Position) -> tuple[bytes, list[Outcome]]:
        """Take one purchase of a customer, in the order of that customer's log.

        Args:
            state: What the last call for this customer returned; None at first.
            purchase: The purchase.
            position: Where its record stands.

        Returns:
            The customer's state after it, and the outcomes: its disposition first, then the decisions to send.

        Raises:
            StreamFlowError: The state has a format that this build does not read.
        """
        customer = decode(state)
        outcomes = self.process_state(customer, purchase, position)
        return encode(customer), outcomes

    def process_state(self, state: CustomerState, purchase: Purchase, position: Position) -> list[Outcome]:
        """Do what `process` does on a decoded state, which is changed in place."""
        known = state.seen(purchase.transaction_id)
        if known is not None:
            twin = Duplicate if known == purchase.digest else Conflict
            return [twin(purchase, position)]
        time_us = purchase.event_time_us
        if time_us - state.high_us > self._retention_us:
            state.restart()
        watermark_us = max(state.high_us - self._bound_us, state.frontier_us)
        state.remember(purchase)
        if time_us <= watermark_us:
            return [LatePurchase(purchase, watermark_us, position)]
        if time_us > state.high_us:
            state.high_us = time_us
            state.forget_ids(time_us - self._dedup_us)
            self._settle(state, max(time_us - self._bound_us, state.frontier_us))
        outcomes: list[Outcome] = []
        self._insert(state, purchase, outcomes)
        if len(state.pending) > self._max_pending:
            self._settle_early(state)
        scored = self._book.in_force(time_us).live is not None
        outcomes.insert(0, SCORED if scored else Unscored(purchase, position))
        return outcomes

    def _settle(self, state: CustomerState, watermark_us: int) -> None:
        """Fold in what the watermark has passed; no decision about it can change any more."""
        pending = state.pending
        if pending and pending[0].purchase.event_time_us <= watermark_us:
            if pending[-1].purchase.event_time_us <= watermark_us:
                state.settled = state.tip
                pending.clear()
            else:
                passed = 0
                while pending[passed].purchase.event_time_us <= watermark_us:
                    state.settled = self.fold(state.settled, pending[passed])
                    passed += 1
                del pending[:passed]
        state.prune(watermark_us - self._window_us)

    def _settle_early(self, state: CustomerState) -> None:
        """Settle the oldest of too many pending purchases; the customer's watermark moves up to it."""
        while len(state.pending) > self._max_pending:
            oldest = state.pending.pop(0)
            state.settled = self.fold(state.settled, oldest)
            state.frontier_us = oldest.purchase.event_time_us
        state.prune(max(state.high_us - self._bound_us, state.frontier_us) - self._window_us)

    def _insert(self, state: CustomerState, purchase: Purchase, outcomes: list[Outcome]) -> None:
        """Evaluate a purchase at its place among the pending ones, and those after it again."""
        pending = state.pending
        settled_rows = len(state.times) - len(pending)
        key = (purchase.event_time_us, purchase.transaction_id)
        if not pending or _order(pending[-1]) < key:
            state.append(purchase)
            state.tip = self._step(state.tip, state, len(pending) - 1, settled_rows, outcomes)
            return
        index = bisect_left(pending, key, key=_order)
        state.insert(index, purchase)
        sums = state.settled
        for place in range(len(pending)):
            if place < index:
                sums = self.fold(sums, pending[place])
            else:
                sums = self._step(sums, state, place, settled_rows, outcomes)
        state.tip = sums

    def _step(self, sums: Sums, state: CustomerState, place: int, settled_rows: int, outcomes: list[Outcome]) -> Sums:
        """Evaluate one pending purchase under every rule set in force, note what to send, and fold it."""
        item = state.pending[place]
        purchase = item.purchase
        book = self._book
        force = book.in_force(purchase.event_time_us)
        entry = book.listed(purchase.merchant_id, purchase.event_time_us)
        end = settled_rows + place
        for card, role in force.lanes:
            found = card.assess(purchase, sums, state, end, entry)
            if found is None and item.marks is not None and card.version in item.marks:
                found = card.explain(purchase, sums, state, end, entry)
            if found is not None:
                _note(item, card, role, found, outcomes)
        return _fold(sums, item, force)

    def fold(self, sums: Sums, item: Pending) -> Sums:
        """Return the sums with one more pending purchase folded in."""
        return _fold(sums, item, self._book.in_force(item.purchase.event_time_us))


def _fold(sums: Sums, item: Pending, force: InForce) -> Sums:
    """Return the sums with one more purchase; each rule set leaves out the amounts that it flagged itself."""
    purchase = item.purchase
    minute = minute_of_day(purchase)
    live = sums.live if force.live is None else force.live.version
    total, count = sums.lane(live)
    total, count = fold_amount(total, count, purchase.amount_minor, flagged=item.flagged(live))
    shadows: dict[str, tuple[int, int]] | None = None
    if force.shadows:
        shadows = {
            card.version: fold_amount(
                *sums.lane(card.version), purchase.amount_minor, flagged=item.flagged(card.version)
            )
            for card in force.shadows
        }
    return Sums(
        sums.count + 1,
        sums.cos_sum + COS[minute],
        sums.sin_sum + SIN[minute],
        live,
        total,
        count,
        shadows,
    )


def _order(item: Pending) -> tuple[int, str]:
    return item.purchase.event_time_us, item.purchase.transaction_id


def _digest(canonical: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(canonical, digest_size=8).digest(), "little", signed=True)


def _note(item: Pending, card: Scorecard, role: Role, found: Assessment, outcomes: list[Outcome]) -> None:
    """Send a decision that is new or differs from what was sent before, and mark what was sent."""
    before = None if item.marks is None else item.marks.get(card.version)
    was_alert = before is not None and before.is_alert
    to_alerts = role == "live" and (found.is_alert or was_alert)
    alert_revision = (-1 if before is None else before.alert_revision) + to_alerts
    silent = not any(line.weight_ulo for line in found.lines)
    decision = Decision(
        customer_id=item.purchase.customer_id,
        transaction_id=item.purchase.transaction_id,
        event_time_us=item.purchase.event_time_us,
        rule_set=card.version,
        role=role,
        score=found.score,
        calibrated=card.calibrated,
        is_alert=found.is_alert,
        log_odds_ulo=found.log_odds_ulo,
        lines=found.lines,
        evidence=found.evidence,
        calibration_id=card.calibration_id,
        revision=0 if before is None else before.revision + 1,
        status="new" if before is None else "withdrawn" if silent or (was_alert and not found.is_alert) else "revised",
        alert_revision=alert_revision,
        alert_status="new" if alert_revision <= 0 else "revised" if found.is_alert else "withdrawn",
    )
    # Silence is one state: what the weightless lines observe may go on changing without another record.
    digest = _SILENT if silent else _digest(decision.canonical_bytes())
    if before is not None and before.digest == digest:
        return
    if item.marks is None:
        item.marks = {}
    item.marks[card.version] = Mark(digest, decision.revision, alert_revision, found.is_alert)
    outcomes.append(Decided(decision, to_decisions=True, to_alerts=to_alerts))
