"""A user's own file as emissions: purchases by event time, labels as chargebacks when they would have been known.

The producer's now is the event time of the row that is sent, and never passes the present: a row of the future is sent
all the same, and the platform sets it aside as event_time_out_of_range.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from streamflow.contracts.names import EVENTS_RAW, TRANSACTIONS_RAW
from streamflow.generator.cells import Table
from streamflow.generator.mapping import Mapped, Mapping
from streamflow.generator.readings import MAX_ID, slug
from streamflow.generator.records import SCHEMA_VERSION, CustomerEvent, Emission, encode, rfc3339
from streamflow.generator.time_order import in_time_order

if TYPE_CHECKING:
    from streamflow.contracts import Validator


class OwnFile:
    """One pass over a file.

    Attributes:
        counts: rows, labels, chargebacks, set_aside.<reason> (what the contract will say), and oddities: rounded,
            ragged (more or fewer cells than columns), label_unknown, no_chargeback (a label without id or time).
    """

    def __init__(self, table: Table, mapping: Mapping, now_us: int, validator: Validator | None = None) -> None:
        """Prepare a pass.

        Args:
            table: The rows.
            mapping: What they mean; its columns are checked here.
            now_us: The present, which the producer's clock does not pass.
            validator: Counts what the platform will set aside; nothing is counted without.

        Raises:
            InputError: The file lacks a column of the mapping.
        """
        self.counts: Counter[str] = Counter()
        self._table = table
        self._mapping = mapping
        self._read = mapping.reader(table.columns, table.path)
        self._present_us = now_us
        self._validator = validator
        self._due: list[tuple[int, int, bytes, bytes]] = []
        self._clock_us = 0

    def emissions(self, scratch: Path) -> Iterator[Emission]:
        """Yield purchases by event time and chargebacks between them; the rest of those at the end.

        Args:
            scratch: A directory for temporary files, needed by files of more than a hundred thousand rows.
        """
        rows = (self._read(row, row.number) for row in self._table)
        for mapped in in_time_order(rows, scratch):
            now_us = self._clock_us
            if mapped.event_us is not None:
                now_us = max(now_us, min(mapped.event_us, self._present_us))
            # Each at its own moment: days may pass until the next purchase, and a label that late would be refused.
            while self._due and self._due[0][0] <= now_us:
                yield self._chargeback()
            self._clock_us = now_us
            yield self._purchase(mapped)
        self.counts["ragged"] += self._table.ragged
        while self._due:
            yield self._chargeback()

    def _purchase(self, mapped: Mapped) -> Emission:
        record, counts = mapped.record, self.counts
        counts["rows"] += 1
        counts["rounded"] += mapped.rounded
        body = body_of(record)
        key = str(record.get("customer_id", "")).encode(errors="surrogateescape")
        emission = Emission(TRANSACTIONS_RAW, key, body, self._clock_us // 1000)
        if self._mapping.file.label is not None:
            self._label(mapped, key)
        if self._validator is not None:
            verdict = self._validator(TRANSACTIONS_RAW, key, body, emission.timestamp_ms)
            if verdict.reason is not None:
                counts[f"set_aside.{verdict.reason}"] += 1
        return emission

    def _label(self, mapped: Mapped, key: bytes) -> None:
        """Queue a chargeback for a fraudulent row; rows without identity or time can have none."""
        counts = self.counts
        counts["label_unknown"] += mapped.label is None
        if not mapped.label:
            return
        counts["labels"] += 1
        transaction, customer = mapped.record.get("transaction_id"), mapped.record.get("customer_id")
        if mapped.event_us is None or not transaction or not customer:
            counts["no_chargeback"] += 1
            return
        at = min(self._mapping.known_us(mapped, mapped.event_us), self._present_us)
        event = CustomerEvent(
            event_id=slug(f"chargeback-{transaction}")[:MAX_ID],
            customer_id=customer,
            event_type="chargeback",
            event_timestamp=rfc3339(at),
            schema_version=SCHEMA_VERSION,
            transaction_id=transaction,
            chargeback_reason="fraud",
        )
        heapq.heappush(self._due, (at, counts["labels"], key, encode(event)))

    def _chargeback(self) -> Emission:
        at, _, key, body = heapq.heappop(self._due)
        self._clock_us = max(self._clock_us, at)
        self.counts["chargebacks"] += 1
        return Emission(EVENTS_RAW, key, body, self._clock_us // 1000)


def body_of(record: dict[str, object]) -> bytes:
    """Encode a record; bytes that were no text in the file go out as they were."""
    try:
        return encode(record)
    except (UnicodeEncodeError, msgspec.EncodeError, OverflowError):
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        return text.encode(errors="surrogateescape")
