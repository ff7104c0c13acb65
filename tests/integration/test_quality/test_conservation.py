"""Every committed offset is accounted for; only the ledger, or the broker's own word, excuses one that is missing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import Producer

from streamflow.contracts.names import EVENTS_RAW, FRAUD_RULES, SOURCE_TOPICS
from streamflow.errors import EnvironmentNotReady
from streamflow.quality.conservation import ConservationReport, PartitionLedger, check_conservation
from streamflow.settings import Settings
from tests.integration.test_quality.plain_ingestion import PlainIngestion, end_offsets
from tests.integration.test_quality.tampering import Tamper
from tests.servers import superuser

LOST = """
    DELETE FROM bronze.raw_events
    WHERE kafka_partition = 0 AND kafka_offset IN (3, 4, 5, 9)
"""
TAIL = """
    DELETE FROM bronze.raw_events
    WHERE kafka_partition = 1
          AND kafka_offset = (SELECT max(kafka_offset) FROM bronze.raw_events WHERE kafka_partition = 1)
"""
DOUBLE = """
    INSERT INTO bronze.dead_letters
        (log_id, source_topic, source_partition, source_offset, source_timestamp, reason, detail)
    SELECT log_id, kafka_topic, kafka_partition, kafka_offset, kafka_timestamp, 'not_json', 'A copy.'
    FROM bronze.raw_events WHERE kafka_partition = 0 LIMIT 1
"""
LEDGER = """
    INSERT INTO ops.retention_ledger
        (table_name, log_id, kafka_partition, from_offset, to_offset, rows_removed, newest_timestamp)
    VALUES ('raw_events', %s, 0, 3, 6, 3, now())
"""


def ledger_of(report: ConservationReport, topic: str, partition: int) -> PartitionLedger:
    """Return the account of one partition."""
    return next(one for one in report.partitions if (one.topic, one.partition) == (topic, partition))


@pytest.mark.usefixtures("world")
def test_every_offset_of_every_topic_is_accounted_for(servers: Settings) -> None:
    """Bronze and dead letters together are the whole range, topic by topic."""
    report = check_conservation(servers)
    assert report.ok, report.summary
    assert {one.topic for one in report.partitions} == set(SOURCE_TOPICS)
    for one in report.partitions:
        assert one.committed is not None
        assert one.bronze + one.dead + one.excused == one.committed - one.first
        assert one.lag == 0
    assert sum(one.dead for one in report.partitions) > 3


def test_a_lost_range_is_named_with_what_the_broker_holds(servers: Settings, tamper: Tamper) -> None:
    """Two gaps, four records."""
    with tamper("bronze_db", "bronze.raw_events", LOST) as rows:
        assert rows == 4
        ledger = ledger_of(check_conservation(servers), EVENTS_RAW, 0)
    assert [(hole.first, hole.last) for hole in ledger.holes] == [(3, 5), (9, 9)]
    assert ledger.missing == 4
    assert ledger.holes[0].why == "the broker has a record at 3"
    assert ledger.sentence.startswith(f"{EVENTS_RAW}[0] misses 4 records, the first at offset 3")


def test_a_lost_last_record_is_missed_too(servers: Settings, tamper: Tamper) -> None:
    """The committed offset proves that it was read, although nothing comes after it."""
    with tamper("bronze_db", "bronze.raw_events", TAIL) as rows:
        assert rows == 1
        assert ledger_of(check_conservation(servers), EVENTS_RAW, 1).missing == 1


def test_a_record_in_two_places_is_an_overlap(servers: Settings, tamper: Tamper) -> None:
    """Bronze and dead letters are disjoint."""
    with tamper("bronze_db", "bronze.dead_letters", DOUBLE):
        report = check_conservation(servers)
    assert not report.ok
    assert ledger_of(report, EVENTS_RAW, 0).overlaps == 1
    assert "at once" in report.summary


def test_the_ledger_of_retention_excuses_its_range_and_no_more(
    servers: Settings, ingestion: PlainIngestion, tamper: Tamper
) -> None:
    """Of four missing records three stand in the ledger."""
    with (
        tamper("bronze_db", "bronze.raw_events", LOST),
        _ledger_entry(servers, ingestion.log_ids[EVENTS_RAW]),
    ):
        ledger = ledger_of(check_conservation(servers), EVENTS_RAW, 0)
    assert [(hole.first, hole.last) for hole in ledger.holes] == [(9, 9)]
    assert ledger.excused == 3


@contextmanager
def _ledger_entry(settings: Settings, log_id: str) -> Iterator[None]:
    with superuser(settings, "bronze_db") as connection:
        connection.execute(LEDGER, [log_id])
        try:
            yield
        finally:
            connection.execute("DELETE FROM ops.retention_ledger")


@pytest.mark.usefixtures("world")
def test_a_transaction_marker_is_excused_by_the_broker(servers: Settings, ingestion: PlainIngestion) -> None:
    """A marker takes an offset that no record has; the broker says so."""
    before = ledger_of(check_conservation(servers), FRAUD_RULES, 0)
    producer = Producer({"bootstrap.servers": servers.kafka.require(), "transactional.id": "marker"})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(FRAUD_RULES, key=b"rule_set/none", value=None)
    producer.commit_transaction(30)
    # The broker writes the marker after it has answered.
    deadline = time.monotonic() + 30
    while end_offsets(servers, [FRAUD_RULES])[FRAUD_RULES, 0] < (before.committed or 0) + 2:
        assert time.monotonic() < deadline, "the broker wrote no marker"
    assert ingestion.run()[FRAUD_RULES] == 1
    after = ledger_of(check_conservation(servers), FRAUD_RULES, 0)
    assert after.ok, after.sentence
    assert (after.dead - before.dead, after.excused - before.excused) == (1, 1)


def test_a_broker_that_is_away_is_one_sentence(servers: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the address and says what to do."""
    monkeypatch.setattr("streamflow.broker.CONNECT_S", 1.0)
    kafka = servers.kafka.model_copy(update={"bootstrap_servers": "127.0.0.1:1"})
    with pytest.raises(EnvironmentNotReady, match=r"127\.0\.0\.1:1 does not answer.*run 'streamflow up'"):
        check_conservation(servers.model_copy(update={"kafka": kafka}))
