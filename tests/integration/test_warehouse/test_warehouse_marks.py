"""How far a transform may read: the unbroken run of offsets, received or rejected."""

from __future__ import annotations

import pytest

from streamflow.settings import Settings
from streamflow.warehouse import marks
from streamflow.warehouse.connections import Session, connect

RAW = (
    "INSERT INTO bronze.raw_events (log_id, kafka_topic, kafka_partition, kafka_offset, kafka_timestamp, "
    "event_timestamp, raw_payload, raw_bytes, processing_status) "
    "SELECT %s, 'events.raw', %s, o, now(), now(), '{}', '', 'accepted' FROM unnest(%s::bigint[]) AS o"
)
DEAD = (
    "INSERT INTO bronze.dead_letters (log_id, source_topic, source_partition, source_offset, source_timestamp, "
    "reason, detail) SELECT %s, 'events.raw', %s, o, now(), 'not_json', 'why' FROM unnest(%s::bigint[]) AS o"
)


def _ends(settings: Settings, reached: marks.Committed | None = None) -> dict[tuple[str, int], tuple[int, int]]:
    with (
        connect(settings, "silver_db", "transform") as target,
        connect(settings, "bronze_db", "transform") as source,
    ):
        sides = (Session(target, settings.sql_dir), Session(source, settings.sql_dir))
        found = marks.plan(*sides, "bronze_to_silver", "raw_events", reached or {})
    return {(one.log_id, one.kafka_partition): (one.from_offset, one.to_offset) for one in found}


@pytest.mark.parametrize(
    ("received", "rejected", "end"),
    [
        ([0, 1, 2], [], 3),
        ([0, 2], [1], 3),
        ([1, 2], [0], 3),
        ([0, 1, 3, 4], [], 2),
        ([0, 1, 4], [2], 3),
        ([1, 2, 3], [], None),
        ([0, 1], [1], 2),
    ],
)
def test_a_run_ends_at_the_first_offset_that_is_in_neither(
    warehouse: Settings, received: list[int], rejected: list[int], end: int | None
) -> None:
    """A higher offset proves nothing about a lower one; a rejected record is no hole."""
    with connect(warehouse, "bronze_db", "ingest") as connection:
        connection.execute(RAW, ["log", 0, received])
        connection.execute(DEAD, ["log", 0, rejected])
    assert _ends(warehouse) == ({} if end is None else {("log", 0): (0, end)})


def test_each_log_partition_has_its_own_run(warehouse: Settings) -> None:
    """Another partition, and a recreated topic, neither help nor hinder."""
    with connect(warehouse, "bronze_db", "ingest") as connection:
        connection.execute(RAW, ["log", 0, [0, 1]])
        connection.execute(RAW, ["log", 1, [0, 2]])
        connection.execute(RAW, ["new", 0, [0, 1, 2]])
        connection.execute(DEAD, ["new", 1, [0]])
    assert _ends(warehouse) == {("log", 0): (0, 2), ("log", 1): (0, 1), ("new", 0): (0, 3)}


def test_a_log_that_was_first_read_in_its_middle_begins_there(warehouse: Settings) -> None:
    """ops.ingest_start says where the history begins."""
    with connect(warehouse, "bronze_db", "ingest") as connection:
        connection.execute("INSERT INTO ops.ingest_start VALUES ('log', 0, 'events.raw', 40)")
        connection.execute(RAW, ["log", 0, [40, 41]])
    assert _ends(warehouse) == {("log", 0): (40, 42)}


def test_a_large_backlog_is_read_in_passes(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """No pass reads more offsets of a log partition than fit into memory."""
    monkeypatch.setattr(marks, "PASS_OFFSETS", 2)
    with connect(warehouse, "bronze_db", "ingest") as connection:
        connection.execute(RAW, ["log", 0, [0, 1, 2, 3, 4]])
    assert _ends(warehouse) == {("log", 0): (0, 2)}


@pytest.mark.parametrize(
    ("received", "reached", "end"),
    [
        ([0, 1, 3, 4], 2, 2),
        ([0, 1, 3, 4], 3, 5),
        ([0, 1, 3, 5], 4, 4),
        ([0, 1], 3, 3),
        ([1, 2], 1, 3),
    ],
)
def test_a_hole_below_a_committed_offset_is_passed(
    warehouse: Settings, received: list[int], reached: int, end: int
) -> None:
    """Nothing stood there: a transaction's marker takes an offset that no consumer sees."""
    with connect(warehouse, "bronze_db", "ingest") as connection:
        connection.execute(RAW, ["log", 0, received])
    assert _ends(warehouse, {("log", 0): reached, ("another", 0): 9}) == {("log", 0): (0, end)}
