"""A run: every record of a simulated world in the order of the log, streamed.

The producer's now is a simulated clock. A record reaches the log a fraction of a second after it happens, unless it is
delayed, copied or a label; what is due later than the present slot waits in a heap, so that memory depends on what is
under way, never on the length of the run.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
import numpy as np

from streamflow.contracts.names import EVENTS_RAW, REFERENCE_RAW, TRANSACTIONS_RAW
from streamflow.generator.arrivals import Arrivals, Slot
from streamflow.generator.changes import Change, Changes
from streamflow.generator.faults import BULKY, SENDABLE
from streamflow.generator.parameters import ScenarioName
from streamflow.generator.population import DAY_US
from streamflow.generator.randomness import stream
from streamflow.generator.records import Emission, Purchase, encode
from streamflow.generator.scenarios.stage import Draft
from streamflow.generator.schedule import Episode, notices, schedule
from streamflow.generator.world import Plan, World
from streamflow.generator.writer import Writer

BULKY_ODDS = 0.02
Z95 = 1.6448536269514722
EXTRA_FIELD = b',"campaign":"spring"}'


class Truth(msgspec.Struct, gc=False):
    """What is known outside the platform about one purchase."""

    customer_id: str
    transaction_id: str
    is_fraud: bool
    scenario: ScenarioName | None


class Due(NamedTuple):
    """An emission that waits; `order` breaks ties in the order of creation."""

    log_us: int
    order: int
    topic: str
    key: bytes
    value: bytes | None


class Played(NamedTuple):
    """A draft that waits for its time."""

    event_us: int
    order: int
    draft: Draft
    customer: int
    scenario: ScenarioName


class Simulation:
    """One run of a plan.

    Attributes:
        counts: What was emitted so far: purchases, fraud, each scenario, each fault, each expected rejection
            (`rejected.<reason>`), sessions' events, chargebacks, reference records.
    """

    def __init__(self, plan: Plan) -> None:
        """Draw the world and plan its frauds.

        Args:
            plan: What the run shall hold.
        """
        self.plan = plan
        self.counts: Counter[str] = Counter()
        self._world = World(plan)
        self._changes = Changes(self._world)
        self._episodes = schedule(self._world)
        self._writer = Writer(self._world)
        self._rng = stream(plan.seed, "labels")
        self._waiting: list[Due] = []
        self._played: list[Played] = []
        self._order = 0
        self._now_us = 0
        self._on_truth: Callable[[bytes], object] | None = None

    def notices(self) -> list[dict[str, str]]:
        """Return the public notices of compromised merchants: merchant_id, valid_from, reason."""
        return notices(self._world, self._episodes)

    def emissions(self, on_truth: Callable[[bytes], object] | None = None) -> Iterator[Emission]:
        """Run once.

        Args:
            on_truth: Gets one JSON line, with its line end, for each purchase.

        Yields:
            Every record in log order.
        """
        self._on_truth = on_truth
        for change in self._changes.initial():
            yield self._reference(change)
        changes = self._changes.later()
        heapq.heapify(changes_due := [(change.log_us, index) for index, change in enumerate(changes)])
        episodes: list[Episode] = self._episodes[::-1]
        arrivals = Arrivals(self._world, self._changes, self.plan.parameters.faults)
        genuine = max(0, self.plan.purchases - sum(episode.purchases for episode in self._episodes))
        for slot in arrivals.slots(genuine):
            self._now_us = slot.start_us
            while changes_due and changes_due[0][0] < slot.end_us:
                log_us, index = heapq.heappop(changes_due)
                emission = self._reference(changes[index])
                self._later(log_us, emission.topic, emission.key, emission.value)
            while episodes and episodes[-1].start_us < slot.end_us:
                self._play(episodes.pop())
            self._drafts(slot.end_us)
            if slot.purchases:
                self._slot(arrivals, slot)
            yield from self._until(slot.end_us)
        self._drafts(2**62)
        yield from self._until(2**62)

    def _reference(self, change: Change) -> Emission:
        record = self._changes.record(change)
        self.counts["reference"] += 1
        return Emission(REFERENCE_RAW, record.member_id.encode(), encode(record), change.log_us // 1000)

    def _later(self, log_us: int, topic: str, key: bytes, value: bytes | None) -> None:
        self._order += 1
        heapq.heappush(self._waiting, Due(max(log_us, self._now_us), self._order, topic, key, value))

    def _until(self, end_us: int) -> Iterator[Emission]:
        """Yield what is due before `end_us`."""
        due: list[Due] = []
        waiting = self._waiting
        if len(waiting) < 1000:
            while waiting and waiting[0].log_us < end_us:
                due.append(heapq.heappop(waiting))
        else:
            # One sort beats ten thousand pops.
            waiting.sort()
            cut = next((i for i, item in enumerate(waiting) if item.log_us >= end_us), len(waiting))
            due, self._waiting = waiting[:cut], waiting[cut:]
        for log_us, _, topic, key, value in due:
            yield Emission(topic, key, value, log_us // 1000)

    def _play(self, episode: Episode) -> None:
        for draft in episode.play(self._world):
            self._order += 1
            played = Played(draft.event_us, self._order, draft, episode.customer, episode.scenario)
            heapq.heappush(self._played, played)

    def _drafts(self, end_us: int) -> None:
        """Emit the planned purchases that happen before `end_us`."""
        while self._played and self._played[0].event_us < end_us:
            event_us, _, draft, customer, scenario = heapq.heappop(self._played)
            purchase = self._writer.draft(draft, customer)
            log_us = event_us + 200_000 + draft.delay_us
            self._later(log_us, TRANSACTIONS_RAW, purchase.customer_id.encode(), encode(purchase))
            self._note(purchase, scenario if draft.is_fraud else None)
            if draft.session:
                self._session(purchase, event_us)
            if draft.is_fraud and self._rng.random() < self.plan.parameters.labels.reported_share:
                self._label(purchase.customer_id, purchase.transaction_id, log_us, dispute=False)

    def _note(self, purchase: Purchase, scenario: ScenarioName | None) -> None:
        self.counts["purchases"] += 1
        if scenario is not None:
            self.counts["fraud"] += 1
            self.counts[f"scenario.{scenario}"] += 1
        if self._on_truth is not None:
            truth = Truth(purchase.customer_id, purchase.transaction_id, scenario is not None, scenario)
            self._on_truth(encode(truth) + b"\n")

    def _session(self, purchase: Purchase, event_us: int) -> None:
        for at, event in self._writer.session(purchase, event_us, self._rng):
            self.counts["session_events"] += 1
            self._later(at + 100_000, EVENTS_RAW, event.customer_id.encode(), encode(event))

    def _label(self, customer_id: str, transaction_id: str, from_us: int, *, dispute: bool) -> None:
        figures = self.plan.parameters.labels
        sigma = math.log(figures.p95_delay_days / figures.median_delay_days) / Z95
        days = figures.median_delay_days * math.exp(sigma * float(self._rng.normal()))
        at = from_us + int(min(days, figures.max_delay_days) * DAY_US) // 1000 * 1000
        event = self._writer.chargeback(customer_id, transaction_id, at, dispute=dispute)
        self.counts["chargebacks"] += 1
        self._later(at + 500_000, EVENTS_RAW, customer_id.encode(), encode(event))

    def _slot(self, arrivals: Arrivals, slot: Slot) -> None:
        """Emit the genuine purchases of a slot, with what goes wrong on the way."""
        rows = arrivals.draw(slot)
        rng, faults = self._rng, self.plan.parameters.faults
        size = len(rows.customer)
        web = rows.store == 0
        u = rng.random((5, size))
        extra = set(np.flatnonzero(u[0] < faults.unknown_field).tolist())
        special: dict[int, list[str]] = {}
        for kind, chosen in (
            ("session", web & (rows.kind == 0) & (u[1] < self.plan.parameters.sessions.share)),
            ("dispute", u[2] < self.plan.parameters.labels.dispute_share),
            ("copy", u[3] < faults.duplicate + faults.conflict),
            ("broken", u[4] < faults.broken),
        ):
            for index in np.flatnonzero(chosen).tolist():
                special.setdefault(index, []).append(kind)
        self.counts["out_of_order"] += int((rows.kind == 2).sum())
        self.counts["late"] += int((rows.kind == 3).sum())
        waiting, order = self._waiting, self._order
        new: list[Due] = []
        for index, (purchase, log_us) in enumerate(zip(self._writer.rows(rows), rows.log_us.tolist(), strict=True)):
            value = encode(purchase)
            if index in extra:
                value = value[:-1] + EXTRA_FIELD
                self.counts["unknown_field"] += 1
            order += 1
            new.append(Due(log_us, order, TRANSACTIONS_RAW, purchase.customer_id.encode(), value))
            self._note(purchase, None)
            if index in special:
                self._order = order
                self._special(special[index], purchase, value, int(rows.event_us[index]), log_us)
                order = self._order
        self._order = order
        waiting += new
        heapq.heapify(waiting)

    def _special(self, kinds: list[str], purchase: Purchase, value: bytes, event_us: int, log_us: int) -> None:
        if "session" in kinds:
            self._session(purchase, event_us)
        if "dispute" in kinds:
            self._label(purchase.customer_id, purchase.transaction_id, log_us, dispute=True)
        if "copy" in kinds:
            self._copy(purchase, value, log_us)
        if "broken" in kinds:
            self._broken(purchase, log_us)

    def _copy(self, purchase: Purchase, value: bytes, log_us: int) -> None:
        """Send a purchase again, a share of the times with another amount."""
        faults, rng = self.plan.parameters.faults, self._rng
        at = log_us + int(math.exp(rng.uniform(*np.log(faults.resend_s))) * 1_000_000)
        if rng.random() * (faults.duplicate + faults.conflict) < faults.conflict:
            other = msgspec.structs.replace(purchase, amount_minor=purchase.amount_minor + int(rng.integers(1, 5000)))
            value = encode(other)
            self.counts["conflict"] += 1
        else:
            self.counts["duplicate"] += 1
        self._later(at, TRANSACTIONS_RAW, purchase.customer_id.encode(), value)

    def _broken(self, purchase: Purchase, log_us: int) -> None:
        """Send a record that the contract refuses, beside the purchase it was made from."""
        case = SENDABLE[int(self._rng.integers(len(SENDABLE)))]
        while case.name in BULKY and self._rng.random() > BULKY_ODDS:
            case = SENDABLE[int(self._rng.integers(len(SENDABLE)))]
        record: dict[str, Any] = msgspec.to_builtins(purchase)
        record["transaction_id"] = self._writer.next_id()
        key, value = case.apply(record)
        self.counts[f"rejected.{case.reason}"] += 1
        self._later(log_us + 10_000, TRANSACTIONS_RAW, key or b"", value)
