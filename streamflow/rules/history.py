"""What the engine remembers of one customer: one value of bounded size, kept as msgpack bytes.

Everything is an integer, a string or a coordinate as it came; sums never drift. Its shape does not depend on a rule
set, but for the sums of legitimate amounts, of which each rule set in force has its own.
"""

from __future__ import annotations

import struct
from bisect import bisect_right

import msgspec

from streamflow.errors import StreamFlowError
from streamflow.rules.model import Purchase

HISTORY_LIMIT = 256
"""Earlier purchases that a window rule can see; more say nothing new and would make one customer's state unbounded."""

FORMAT = 1
"""Version of the encoded state; another one is refused instead of misread."""

NEVER_US = -(2**62)
"""Before every event time, with room for subtractions in 64 bits."""

_SEEN = struct.Struct("<qq")
_STAMP = struct.Struct("<q")


class Sums(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Running integer sums over a customer's purchases, in their order.

    Attributes:
        count: Purchases so far.
        cos_sum: Sum of cosines of the local minute of day, in 1 / `time_anomaly.CIRCLE` units.
        sin_sum: Sum of sines, alike.
        live: Version of the live rule set whose legitimate sums follow; empty before the first.
        legit_sum: Minor units of the purchases that the live rule set did not flag.
        legit_count: How many those are.
        shadows: The same two sums for each shadow rule set in force.
    """

    count: int = 0
    cos_sum: int = 0
    sin_sum: int = 0
    live: str = ""
    legit_sum: int = 0
    legit_count: int = 0
    shadows: dict[str, tuple[int, int]] | None = None

    def lane(self, version: str) -> tuple[int, int]:
        """Return sum and count of what `version` holds legitimate; a version new here starts from the live one's."""
        if version != self.live and self.shadows and version in self.shadows:
            return self.shadows[version]
        return self.legit_sum, self.legit_count


class Mark(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What has been sent about a pending purchase under one rule set.

    Attributes:
        digest: Signed 64-bit digest of the canonical bytes of the decision sent last.
        revision: Revision sent last to fraud-decisions.
        alert_revision: Revision sent last to fraud-alerts; -1 when none was.
        is_alert: Whether the purchase is flagged now.
    """

    digest: int
    revision: int
    alert_revision: int
    is_alert: bool


class Pending(msgspec.Struct, array_like=True):
    """A purchase whose decision may still change; `marks` by rule set version, None when nothing was ever sent."""

    purchase: Purchase
    marks: dict[str, Mark] | None = None

    def flagged(self, version: str) -> bool:
        """Tell whether that rule set holds the purchase for fraud."""
        return self.marks is not None and version in self.marks and self.marks[version].is_alert


class CustomerState(msgspec.Struct, array_like=True):
    """One customer.

    Attributes:
        form: `FORMAT`.
        high_us: The highest event time seen.
        frontier_us: Event time of the newest purchase that settled early because too many were pending.
        seen_ids: Remembered transaction ids, each as NUL id NUL, oldest arrival first (no id holds a NUL).
        seen_facts: For each of them `high_us` at its arrival and its digest, 16 bytes.
        settled: Sums over what can no longer change.
        tip: The same with everything pending folded in.
        times: Event times of the purchases that windows may need, settled then pending, by (time, transaction_id).
        ids: Their transaction ids.
        latitudes: Their latitudes; None without a complete pair of coordinates.
        longitudes: Their longitudes.
        pending: The last `len(pending)` of them, with what was sent.
    """

    form: int = FORMAT
    high_us: int = NEVER_US
    frontier_us: int = NEVER_US
    seen_ids: str = ""
    seen_facts: bytes = b""
    settled: Sums = Sums()
    tip: Sums = Sums()
    times: list[int] = msgspec.field(default_factory=list)
    ids: list[str] = msgspec.field(default_factory=list)
    latitudes: list[float | None] = msgspec.field(default_factory=list)
    longitudes: list[float | None] = msgspec.field(default_factory=list)
    pending: list[Pending] = msgspec.field(default_factory=list)

    def seen(self, transaction_id: str) -> int | None:
        """Return the digest under which an id is remembered, or None."""
        at = self.seen_ids.find(f"\0{transaction_id}\0")
        if at < 0:
            return None
        row = self.seen_ids.count("\0", 0, at) // 2
        digest: int = _SEEN.unpack_from(self.seen_facts, row * _SEEN.size)[1]
        return digest

    def remember(self, purchase: Purchase) -> None:
        """Remember an id from now on, `now` being the customer's highest event time."""
        self.seen_ids += f"\0{purchase.transaction_id}\0"
        self.seen_facts += _SEEN.pack(max(self.high_us, purchase.event_time_us), purchase.digest)

    def forget_ids(self, before_us: int) -> None:
        """Drop ids that arrived while the highest event time was below `before_us`; arrival stamps never decrease."""
        facts, ids = self.seen_facts, self.seen_ids
        row = at = 0
        while row < len(facts) and _STAMP.unpack_from(facts, row)[0] < before_us:
            row += _SEEN.size
            at = ids.index("\0", at + 1) + 1
        if row:
            self.seen_facts, self.seen_ids = facts[row:], ids[at:]

    def restart(self) -> None:
        """Forget a customer who was away for longer than the retention."""
        self.high_us = self.frontier_us = NEVER_US
        self.seen_ids, self.seen_facts = "", b""
        self.settled = self.tip = Sums()
        for rows in (self.times, self.ids, self.latitudes, self.longitudes, self.pending):
            rows.clear()

    def append(self, purchase: Purchase) -> None:
        """Put a purchase at the end of the pending list, and of the window lists."""
        latitude, longitude = purchase.latitude, purchase.longitude
        if latitude is None or longitude is None:
            latitude = longitude = None
        self.times.append(purchase.event_time_us)
        self.ids.append(purchase.transaction_id)
        self.latitudes.append(latitude)
        self.longitudes.append(longitude)
        self.pending.append(Pending(purchase))

    def insert(self, index: int, purchase: Purchase) -> None:
        """Put a purchase at `index` of the pending list, and into the window lists."""
        row = len(self.times) - len(self.pending) + index
        placed = purchase.latitude is not None and purchase.longitude is not None
        self.times.insert(row, purchase.event_time_us)
        self.ids.insert(row, purchase.transaction_id)
        self.latitudes.insert(row, purchase.latitude if placed else None)
        self.longitudes.insert(row, purchase.longitude if placed else None)
        self.pending.insert(index, Pending(purchase))

    def prune(self, before_us: int) -> None:
        """Drop settled purchases at or before a time, and those that `HISTORY_LIMIT` newer settled ones hide."""
        settled = len(self.times) - len(self.pending)
        if not settled or (self.times[0] > before_us and settled <= HISTORY_LIMIT):
            return
        drop = max(bisect_right(self.times, before_us, 0, settled), settled - HISTORY_LIMIT)
        if drop > 0:
            del self.times[:drop], self.ids[:drop], self.latitudes[:drop], self.longitudes[:drop]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(CustomerState)


def encode(state: CustomerState) -> bytes:
    """Return the state as one value."""
    return _ENCODER.encode(state)


def decode(data: bytes | None) -> CustomerState:
    """Return the state behind a value; None is a customer never seen.

    Raises:
        StreamFlowError: The value was written in another format, or by something else.
    """
    if data is None:
        return CustomerState()
    try:
        state = _DECODER.decode(data)
    except msgspec.MsgspecError as error:
        raise StreamFlowError(f"A customer's state cannot be read ({error}); start the job without it.") from None
    if state.form != FORMAT:
        raise StreamFlowError(
            f"A customer's state has format {state.form}, this build reads {FORMAT}; rebuild it by replay."
        )
    return state
