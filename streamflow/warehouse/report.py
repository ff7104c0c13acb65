"""What a transform did: rows by table, and how far it came in each log partition."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from streamflow.errors import StreamFlowError
from streamflow.warehouse.connections import Session


class IntegrityViolation(StreamFlowError):
    """The source contradicts itself, and no rule says which side is right; the load is rolled back."""


@dataclass(frozen=True)
class TableLoad:
    """Rows of one target table.

    Attributes:
        table: With its schema.
        rows_in: Rows read for it.
        rows_out: Rows inserted or changed.
        rows_rejected: Rows read that are no new fact: repeats, conflicts, older revisions.
    """

    table: str
    rows_in: int
    rows_out: int
    rows_rejected: int = 0

    def __add__(self, other: TableLoad) -> TableLoad:
        return TableLoad(
            self.table,
            self.rows_in + other.rows_in,
            self.rows_out + other.rows_out,
            self.rows_rejected + other.rows_rejected,
        )


@dataclass(frozen=True)
class Slice:
    """Offsets of one log partition that a pass handles, from `from_offset` up to, but without, `to_offset`.

    Attributes:
        log_rank: Order of the log among those of its topic, 0 for the oldest.
    """

    source_table: str
    log_id: str
    kafka_partition: int
    from_offset: int
    to_offset: int
    log_rank: int = 0

    def values(self) -> dict[str, Any]:
        """Return the values of a staging statement."""
        return {name: getattr(self, name) for name in ("log_id", "kafka_partition", "from_offset", "to_offset")} | {
            "log_rank": self.log_rank
        }


@dataclass(frozen=True)
class TransformReport:
    """One run of a transform, all its passes together."""

    transform: str
    run_id: str
    tables: tuple[TableLoad, ...]
    marks: tuple[Slice, ...]
    seconds: float

    @property
    def rows_out(self) -> int:
        """Rows inserted or changed in all tables."""
        return sum(load.rows_out for load in self.tables)

    def summary(self) -> str:
        """Return one sentence for a log."""
        changed = ", ".join(f"{load.table} {load.rows_out:,}" for load in self.tables if load.rows_out)
        return f"{self.transform} changed {changed or 'nothing'} in {self.seconds:.1f} s."


@dataclass
class Pass:
    """What one transaction of a transform has done so far."""

    transform: str
    run_id: str
    started_at: datetime
    slices: list[Slice] = field(default_factory=list)
    loads: list[TableLoad] = field(default_factory=list)

    def add(self, table: str, rows_in: int, rows_out: int, rows_rejected: int | None = None) -> None:
        """Note the rows of one table; what was read and changed nothing counts as rejected unless told."""
        rejected = max(rows_in - rows_out, 0) if rows_rejected is None else rows_rejected
        self.loads.append(TableLoad(table, rows_in, rows_out, rejected))


def write_audit(session: Session, done: Pass, versions: dict[str, str]) -> None:
    """Write one audit row a table of a pass that succeeded.

    Args:
        session: In the transaction of the pass.
        done: The pass.
        versions: Contract version by table.
    """
    for load in done.loads:
        version = versions.get(load.table)
        _audit(session, done, load, status="succeeded", versions=[version] if version else [], detail=None)


def write_failure(session: Session, done: Pass, table: str, detail: str) -> None:
    """Write the audit row of a pass that was rolled back; call it outside that transaction."""
    _audit(session, done, TableLoad(table, 0, 0), status="failed", versions=[], detail=detail)


def _audit(
    session: Session, done: Pass, load: TableLoad, *, status: str, versions: list[str], detail: str | None
) -> None:
    marks = [
        {
            "source": one.source_table,
            "log_id": one.log_id,
            "partition": one.kafka_partition,
            "from": one.from_offset,
            "to": one.to_offset,
        }
        for one in done.slices
    ]
    session.execute(
        "ops/audit_put",
        run_id=done.run_id,
        transform=done.transform,
        target_table=load.table,
        status=status,
        rows_in=load.rows_in,
        rows_out=load.rows_out,
        rows_rejected=load.rows_rejected,
        marks=Jsonb(marks),
        contract_versions=Jsonb(versions),
        detail=detail,
        started_at=done.started_at,
    )
