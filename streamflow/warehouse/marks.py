"""Marks: how far a transform has come, and how far it may go now.

It may go to the end of the unbroken run of offsets that are in bronze or in dead letters: several sinks commit
independently, so the highest offset proves nothing.
"""

from __future__ import annotations

from typing import Final

from psycopg import sql

from streamflow.warehouse.connections import Session
from streamflow.warehouse.report import Slice

PASS_OFFSETS: Final = 500_000
"""Most offsets of one log partition in one transaction, so that a backlog of any size fits into memory."""


def plan(target: Session, source: Session, transform: str, table: str) -> list[Slice]:
    """Return what a pass of a transform may read of one raw table.

    Args:
        target: Where the marks are.
        source: The bronze database.
        transform: Whose marks.
        table: The raw table, without schema.

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
        end = source.value(
            "bronze/contiguous_end",
            table=identifier,
            log_id=log_id,
            kafka_partition=partition,
            from_offset=start,
            limit_offset=start + PASS_OFFSETS,
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
