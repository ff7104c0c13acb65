"""Conservation: every offset that ingestion has committed ended in bronze or in dead letters, and in one of them only.

For each partition of each ingested topic the offsets of the bronze table and of the dead letters must be disjoint, and
together exactly the range from the first ever ingested to the committed one. The database finds the gaps. A gap is
closed by two things alone: the ledger of retention, or the broker's word that no record stands there (a transaction
marker).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from streamflow.broker import INGESTION, Log, committed_offsets, prober, read_logs, record_within
from streamflow.contracts.names import SOURCE_TOPICS, bronze_table_for
from streamflow.errors import EnvironmentNotReady
from streamflow.quality.ranges import Range, holes, subtract
from streamflow.quality.statements import statement
from streamflow.reader import reading

if TYPE_CHECKING:
    from psycopg import Connection

    from streamflow.settings import Settings

MAX_PROBES = 200
"""Gaps that the broker is asked about in one run; the rest stay open, and a run with so many has failed anyway."""

Place = tuple[str, int]
"""log_id, partition."""


@dataclass(frozen=True)
class Hole:
    """Offsets that ended nowhere; both ends belong to it.

    Attributes:
        first: First missing offset.
        last: Last missing offset.
        why: Why it stays open: what the broker said.
    """

    first: int
    last: int
    why: str


@dataclass(frozen=True)
class PartitionLedger:
    """The account of one partition of one log.

    Attributes:
        topic: Topic name.
        log_id: The broker's topic id.
        partition: Partition number.
        first: First offset ever ingested.
        committed: Committed offset of ingestion, exclusive; None for a log that is gone from the broker.
        end: End of the log on the broker, exclusive; None for a log that is gone.
        bronze: Rows in bronze.
        dead: Rows in dead letters.
        overlaps: Records in both.
        before_start: Whether rows lie before the first ingested offset.
        excused: Missing offsets that retention or the broker accounts for.
        holes: Missing offsets that nothing accounts for.
    """

    topic: str
    log_id: str
    partition: int
    first: int
    committed: int | None
    end: int | None
    bronze: int
    dead: int
    overlaps: int
    before_start: bool
    excused: int
    holes: tuple[Hole, ...]

    @property
    def ok(self) -> bool:
        """True when nothing is lost, doubled or out of place."""
        return not self.holes and self.overlaps == 0 and not self.before_start

    @property
    def missing(self) -> int:
        """Offsets that nothing accounts for."""
        return sum(hole.last - hole.first + 1 for hole in self.holes)

    @property
    def lag(self) -> int:
        """Records on the broker that ingestion has not committed."""
        return 0 if self.end is None else max(0, self.end - max(self.committed or 0, self.first))

    @property
    def sentence(self) -> str:
        """What is wrong, in one sentence; empty when nothing is."""
        place = f"{self.topic}[{self.partition}]"
        if self.holes:
            hole = self.holes[0]
            return f"{place} misses {self.missing} records, the first at offset {hole.first} ({hole.why})."
        if self.overlaps:
            return f"{place} has {self.overlaps} records in bronze and in dead letters at once."
        if self.before_start:
            return f"{place} has rows before offset {self.first}, where ingestion began."
        return ""


@dataclass(frozen=True)
class ConservationReport:
    """The accounts of all partitions."""

    partitions: tuple[PartitionLedger, ...]

    @property
    def ok(self) -> bool:
        """True when there is something to account for and every account balances."""
        return bool(self.partitions) and all(ledger.ok for ledger in self.partitions)

    @property
    def records(self) -> int:
        """Records accounted for."""
        return sum(ledger.bronze + ledger.dead for ledger in self.partitions)

    @property
    def summary(self) -> str:
        """One sentence."""
        wrong = [ledger for ledger in self.partitions if not ledger.ok]
        if not self.partitions:
            return "Nothing was ever ingested, so nothing can be proven."
        if wrong:
            return wrong[0].sentence
        dead = sum(ledger.dead for ledger in self.partitions)
        return (
            f"{self.records} records in {len(self.partitions)} partitions: {self.records - dead} in bronze, {dead} in "
            f"dead letters, none lost, none twice."
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        rows = [asdict(ledger) | {"ok": ledger.ok, "lag": ledger.lag} for ledger in self.partitions]
        return {"ok": self.ok, "records": self.records, "summary": self.summary, "partitions": rows}


def check_conservation(settings: Settings) -> ConservationReport:
    """Account for every committed offset of every ingested topic.

    The committed offsets are read before the tables, so that what arrives meanwhile is only ahead of them.

    Args:
        settings: Says where broker and databases are.

    Returns:
        One ledger a partition that ingestion has ever seen.

    Raises:
        EnvironmentNotReady: Broker or database do not answer.
    """
    logs = read_logs(settings, SOURCE_TOPICS)
    committed = committed_offsets(settings, INGESTION)
    ledgers: list[PartitionLedger] = []
    with reading(settings, "bronze_db") as connection:
        for topic in SOURCE_TOPICS:
            account = _Account.read(settings, connection, topic)
            ledgers.extend(account.ledgers(settings, logs.get(topic), committed))
    return ConservationReport(tuple(ledgers))


@dataclass(frozen=True)
class _Account:
    """What the database says about one topic."""

    topic: str
    totals: dict[Place, tuple[int, int, int, int]]
    gaps: dict[Place, list[Range]]
    overlaps: dict[Place, int]
    starts: dict[Place, int]
    retained: dict[Place, list[Range]]

    @classmethod
    def read(cls, settings: Settings, connection: Connection[tuple[Any, ...]], topic: str) -> _Account:
        from psycopg.sql import Identifier, Literal

        name = bronze_table_for(topic).partition(".")[2]
        parts = {"table": Identifier(name), "topic": Literal(topic)}
        seen = statement(settings, "seen_offsets", **parts)
        gaps: dict[Place, list[Range]] = {}
        for log_id, partition, low, high in connection.execute(statement(settings, "offset_gaps", seen=seen)):
            gaps.setdefault((log_id, partition), []).append((low, high))
        retained: dict[Place, list[Range]] = {}
        ledger = statement(settings, "retained_ranges", table=Literal(name))
        for log_id, partition, low, high in connection.execute(ledger):
            retained.setdefault((log_id, partition), []).append((low, high - 1))
        totals = connection.execute(statement(settings, "offset_totals", seen=seen)).fetchall()
        overlaps = connection.execute(statement(settings, "offset_overlaps", **parts)).fetchall()
        starts = connection.execute(statement(settings, "ingest_starts", topic=parts["topic"])).fetchall()
        return cls(
            topic=topic,
            totals={(row[0], row[1]): (row[2], row[3], row[4], row[5]) for row in totals},
            gaps=gaps,
            overlaps={(row[0], row[1]): row[2] for row in overlaps},
            starts={(row[0], row[1]): row[2] for row in starts},
            retained=retained,
        )

    def ledgers(
        self, settings: Settings, log: Log | None, committed: dict[tuple[str, int], int]
    ) -> list[PartitionLedger]:
        """Draw up the account of each partition of each log of this topic."""
        places = set(self.totals) | set(self.starts)
        if log is not None:
            places |= {(log.log_id, p) for p in log.ends if committed.get((self.topic, p), 0) > 0}
        return [
            self._ledger(settings, place, log if log is not None and log.log_id == place[0] else None, committed)
            for place in sorted(places)
        ]

    def _ledger(
        self, settings: Settings, place: Place, log: Log | None, committed: dict[tuple[str, int], int]
    ) -> PartitionLedger:
        log_id, partition = place
        bronze, dead, low, high = self.totals.get(place, (0, 0, -1, -1))
        seen = (low, high) if bronze + dead else None
        retained = self.retained.get(place, [])
        first = self.starts.get(place, 0)
        mark = committed.get((self.topic, partition)) if log is not None else None
        # Of a log that is gone from the broker only the inside can be judged.
        end = mark if mark is not None else (high + 1 if log is None and seen else first)
        missing = holes(first, end, seen, self.gaps.get(place, []))
        open_ranges = subtract(missing, retained)
        left = _ask_broker(settings, self.topic, partition, open_ranges, on_broker=log is not None)
        gone = sum(b - a + 1 for a, b in missing) - sum(hole.last - hole.first + 1 for hole in left)
        return PartitionLedger(
            topic=self.topic,
            log_id=log_id,
            partition=partition,
            first=first,
            committed=mark,
            end=log.ends.get(partition) if log is not None else None,
            bronze=bronze,
            dead=dead,
            overlaps=self.overlaps.get(place, 0),
            before_start=seen is not None and low < first,
            excused=gone,
            holes=tuple(left),
        )


def _ask_broker(settings: Settings, topic: str, partition: int, ranges: list[Range], *, on_broker: bool) -> list[Hole]:
    """Keep the ranges at which the broker has a record, or cannot say; drop those where it has none."""
    if not ranges:
        return []
    if not on_broker:
        return [Hole(a, b, "the log is gone from the broker") for a, b in ranges]
    left = [Hole(a, b, "not asked: too many gaps") for a, b in ranges[MAX_PROBES:]]
    with prober(settings) as consumer:
        for a, b in ranges[:MAX_PROBES]:
            try:
                found = record_within(consumer, topic, partition, a, b)
            except EnvironmentNotReady as error:
                left.append(Hole(a, b, str(error).rstrip(".")))
                continue
            if found is not None:
                left.append(Hole(a, b, f"the broker has a record at {found}"))
    return sorted(left, key=lambda hole: hole.first)
