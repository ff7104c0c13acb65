"""Every hostile record ends where the architecture says, with its own reason, and no job restarts over it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from streamflow.contracts.names import DEAD_LETTERS, TRANSACTIONS_RAW
from streamflow.generator.faults import BASE_MS, HOSTILE, Hostile
from streamflow.jobs.cluster import Cluster
from streamflow.jobs.plan import JOBS
from streamflow.jobs.progress import end_offsets, wait_drained
from streamflow.jobs.submission import FlinkClient, status
from streamflow.settings import Settings
from tests.proof.test_jobs.log_cases import Sent, read_topic, send

Row = tuple[Any, ...]
EVERY_BYTE = bytes(range(256))


@dataclass(frozen=True)
class Ingested:
    """The hostile table as it was sent, and what tables and topic hold of it afterwards."""

    sent: list[tuple[Hostile, Sent]]
    bronze: dict[tuple[int, int], Row]
    dead: dict[tuple[int, int], Row]
    letters: dict[tuple[int, int], Any]
    restarts: dict[str, int]


@pytest.fixture(scope="module")
def ingested(settings: Settings, jobs: FlinkClient, log_ids: dict[str, str]) -> Ingested:
    """Send the table, and one record of nothing but bytes, and wait until all of it is taken in."""
    binary = Hostile("all bytes", EVERY_BYTE, EVERY_BYTE, 0, "not_utf8")
    cases = [*HOSTILE, binary]
    before = {job: Cluster(settings).restarts(Cluster(settings).active()[job].job_id) for job in JOBS}
    places = send(settings, [(case.key, case.body, BASE_MS + case.kafka_ts_offset_ms) for case in cases])
    wait_drained(settings, 120)
    log_id = log_ids[TRANSACTIONS_RAW]
    with psycopg.connect(settings.postgres.dsn("bronze_db", "reader")) as connection:
        bronze = connection.execute(
            "SELECT kafka_partition, kafka_offset, kafka_key, raw_bytes, processing_status, headers "
            "FROM bronze.raw_transactions WHERE log_id = %s",
            (log_id,),
        ).fetchall()
        dead = connection.execute(
            "SELECT source_partition, source_offset, source_key, raw_bytes, reason, detail "
            "FROM bronze.dead_letters WHERE log_id = %s",
            (log_id,),
        ).fetchall()
    ends = {place[1]: end for place, end in end_offsets(settings, [DEAD_LETTERS]).items()}
    letters = {}
    for message in read_topic(settings, DEAD_LETTERS, ends):
        headers = dict(message.headers())
        if headers["source_log_id"].decode() == log_id:
            letters[int(headers["source_partition"]), int(headers["source_offset"])] = message
    after = {job.job: job.restarts - before[job.job] for job in status(settings)}
    return Ingested(
        list(zip(cases, places, strict=True)),
        {(row[0], row[1]): row for row in bronze},
        {(row[0], row[1]): row for row in dead},
        letters,
        after,
    )


def test_the_hostile_table_is_not_empty(ingested: Ingested) -> None:
    """A test that could pass with nothing sent proves nothing."""
    assert len(ingested.sent) == len(HOSTILE) + 1 >= 40
    assert len({place[2:] for _, place in ingested.sent}) == len(ingested.sent)


def test_each_broken_record_is_a_dead_letter_with_its_own_reason(ingested: Ingested) -> None:
    """By name of the case, so that a failure says which."""
    found = {
        case.name: ingested.dead.get((place.partition, place.offset), (None,) * 6)[4] for case, place in ingested.sent
    }
    assert found == {case.name: case.expected_reason for case, _ in ingested.sent}


def test_each_record_lies_in_exactly_one_table(ingested: Ingested) -> None:
    """Bronze or dead letters, never both, never neither."""
    places = Counter((place.partition, place.offset) for _, place in ingested.sent)
    held = Counter({place: (place in ingested.bronze) + (place in ingested.dead) for place in places})
    assert held == places


def test_key_and_value_survive_byte_for_byte(ingested: Ingested) -> None:
    """Tombstones, binary keys, a megabyte, invalid UTF-8."""
    differing = []
    for case, sent in ingested.sent:
        place = (sent.partition, sent.offset)
        row = ingested.bronze.get(place) or ingested.dead[place]
        if (row[2], row[3]) != (case.key, case.body):
            differing.append(case.name)
    assert differing == []


def test_each_dead_letter_is_also_on_its_topic(ingested: Ingested) -> None:
    """With the source's own key and value, and the same reason as in the table."""
    for place, row in ingested.dead.items():
        message = ingested.letters[place]
        headers = {name: value.decode() for name, value in message.headers()}
        assert (message.key(), message.value()) == (row[2], row[3])
        assert (headers["reason"], headers["detail"]) == (row[4], row[5])
        assert headers["source_topic"] == TRANSACTIONS_RAW
        assert int(headers["produced_at_us"]) > int(headers["source_timestamp_ms"])
    assert len(ingested.dead) == len(ingested.letters) > 30


def test_an_unknown_field_is_kept_and_noted(ingested: Ingested) -> None:
    """It is accepted, with a status of its own."""
    ((_, place),) = [(case, place) for case, place in ingested.sent if case.name == "unknown field"]
    assert ingested.bronze[place.partition, place.offset][4] == "accepted_unknown_fields"


def test_headers_are_kept_as_json(ingested: Ingested) -> None:
    """Latency is computed from them."""
    stamps = [row[5]["produced_at_us"] for row in ingested.bronze.values()]
    assert len(stamps) >= 4
    assert all(stamp.isdigit() for stamp in stamps)


def test_no_job_restarts_over_a_hostile_record(ingested: Ingested) -> None:
    """Nothing that PostgreSQL could refuse reaches a sink."""
    assert ingested.restarts == dict.fromkeys(JOBS, 0)


def test_a_record_that_is_read_again_changes_no_row(settings: Settings, ingested: Ingested) -> None:
    """The sink upserts; the table keeps the first row."""
    place = next(iter(ingested.bronze))
    with psycopg.connect(settings.postgres.dsn("bronze_db", "ingest")) as connection:
        done = connection.execute(
            "UPDATE bronze.raw_transactions SET raw_bytes = 'x' WHERE kafka_partition = %s AND kafka_offset = %s", place
        )
        assert done.rowcount == 0
