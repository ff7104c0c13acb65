"""Marks: how far a transform has come, and how far it may go now.

It may go to the end of the unbroken run of offsets that are in bronze or in dead letters: several sinks commit
independently, so the highest offset proves nothing. A hole below an offset that ingestion committed is no news to wait
for: the checkpoint behind the commit flushed every sink, so nothing stood there (the marker of a transaction, a record
that compaction removed). Whether something should have is what conservation asks the broker.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from psycopg import sql

from streamflow import broker
from streamflow.contracts.names import SOURCE_TOPICS
from streamflow.errors import EnvironmentNotReady
from streamflow.log import get_logger
from streamflow.settings import Settings
from streamflow.warehouse.connections import Session
from streamflow.warehouse.report import Slice

PASS_OFFSETS: Final = 500_000
"""Most offsets of one log partition in one transaction, so that a backlog of any size fits into memory."""


Committed = Mapping[tuple[str, int], int]
"""The next offset that ingestion will read, by log id and partition."""


def committed(settings: Settings) -> Committed:
    """Return how far ingestion has come for good; nothing when there is no broker to ask.

    Without an answer a transform stays before every hole, which costs time and never a record.
    """
    if not settings.kafka.bootstrap_servers:
        return {}
    try:
        reached = broker.committed_offsets(settings, broker.INGESTION)
        logs = broker.read_logs(settings, SOURCE_TOPICS)
    except EnvironmentNotReady as error:
        get_logger().warning("holes in the log are not passed", why=str(error))
        return {}
    return {
        (log.log_id, part): reached[name, part]
        for name, log in logs.items()
        for part in log.ends
        if (name, part) in reached
    }


def plan(target: Session, source: Session, transform: str, table: str, reached: Committed) -> list[Slice]:
    """Return what a pass of a transform may read of one raw table.

    Args:
        target: Where the marks are.
        source: The bronze database.
        transform: Whose marks.
        table: The raw table, without schema.
        reached: From `committed`, read before this call.

    Returns:
        One slice a log partition that has something new, of at most `PASS_OFFSETS`, oldest log first.
    """
    known = target.execute("ops/marks_get", transform=transform, source_table=table)
    marks = {(log_id, partition): offset for log_id, partition, offset in known}
    identifier = sql.Identifier("bronze", table)
    partitions = source.execute("bronze/log_partitions", table=identifier, table_name=table).fetchall()
    ranks = {log_id: rank for rank, log_id in enumerate(dict.fromkeys(row[0] for row in partitions))}
    slices = []
    for log_id, partition, first_offset in partitions:
        start = max(marks.get((log_id, partition), 0), first_offset)
        limit = start + PASS_OFFSETS
        end = source.value(
            "bronze/contiguous_end",
            table=identifier,
            log_id=log_id,
            kafka_partition=partition,
            from_offset=max(start, min(reached.get((log_id, partition), 0), limit)),
            limit_offset=limit,
        )
        if end > start:
            slices.append(Slice(table, log_id, partition, start, end, ranks[log_id]))
    return slices


def store(target: Session, transform: str, run_id: str, slices: list[Slice]) -> None:
    """Record that slices have been handled; call it in the transaction of their rows."""
    for one in slices:
        target.execute(
            "ops/marks_put",
            transform=transform,
            source_table=one.source_table,
            log_id=one.log_id,
            kafka_partition=one.kafka_partition,
            next_offset=one.to_offset,
            run_id=run_id,
        )
