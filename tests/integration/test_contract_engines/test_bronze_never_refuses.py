"""Whatever the stream accepts, or rejects with a reason, bronze keeps: a refusal there would stop the job for good.

Every record of every topic's corpus, with hostile keys, headers and Kafka timestamps, goes through the function that
Flink calls and into the migrated tables, written as the sink writes: times and JSON as text that PostgreSQL casts.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.corpus import corpus, message
from streamflow.contracts.dataset import Dataset
from streamflow.jobs.checking import CheckRecord
from streamflow.jobs.statements import LAST_MS
from streamflow.settings import Settings, load_settings
from tests.integration.test_contract_engines.table_rows import Unknown, strict_connection
from tests.unit.contracts.test_contracts_record import HOSTILE

CATALOGUE = Catalogue.load(load_settings().contracts_dir)
TOPICS = [topic for topic in CATALOGUE.topics() if topic.topic is not None and topic.topic.payload == "json"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HEADERS: tuple[dict[str, bytes] | None, ...] = (
    None,
    {},
    {"produced_at_us": b"1772356502125000"},
    {"produced_at_us": b"\x00"},
    {"a\x00b": b"\xff\xfe", "\ud800": b"", "empty": b"", "text": "\U0001f600".encode()},
)
SOURCE_LOG = "q7dKk2cQQEyB3jAwX0lMhg"

Message = tuple[bytes | None, bytes | None, int]


def time_text(kafka_ms: int) -> Unknown:
    """Write a Kafka timestamp as Flink's cast to a string does."""
    return Unknown((EPOCH + timedelta(milliseconds=kafka_ms)).strftime("%4Y-%m-%d %H:%M:%S.%f").rjust(26, "0") + "Z")


def write(connection: psycopg.Connection[Any], topic: str, offset: int, given: Message, said: Any) -> bool:
    """Write one judged record as the sinks do; return whether it was accepted."""
    key, body, kafka_ms = given
    reason, detail, status, event_time, schema_version, contract_version, headers, _ = said
    if reason is None:
        assert body is not None
        connection.execute(
            f"INSERT INTO {CATALOGUE.bronze_table_for(topic)} (log_id, kafka_topic, kafka_partition, kafka_offset, "  # noqa: S608
            "kafka_key, kafka_timestamp, headers, event_timestamp, raw_payload, raw_bytes, processing_status, "
            "schema_version) VALUES (%s, %s, 0, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                *(SOURCE_LOG, topic, offset, key, time_text(kafka_ms), _unknown(headers), Unknown(event_time)),
                *(Unknown(body.decode()), body, status, schema_version),
            ],
        )
        return True
    kafka_ms = kafka_ms if 0 <= kafka_ms <= LAST_MS else 0
    connection.execute(
        "INSERT INTO bronze.dead_letters (log_id, source_topic, source_partition, source_offset, source_key, "
        "source_timestamp, headers, raw_bytes, reason, detail, contract_version) "
        "VALUES (%s, %s, 0, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            *(SOURCE_LOG, topic, offset, key, time_text(kafka_ms), _unknown(headers)),
            *(body, reason, detail, contract_version),
        ],
    )
    return False


def _unknown(text: str | None) -> Unknown | None:
    return None if text is None else Unknown(text)


def messages(topic: Dataset) -> list[Message]:
    """Return the corpus as messages; where no window holds the Kafka timestamp, at its extremes as well."""
    found: list[Message] = [message(topic, row) for row in corpus(topic, CATALOGUE)]
    assert topic.topic is not None
    if topic.topic.event_time_window is None:
        found += [(key, body, extreme) for key, body, _ in found for extreme in (-1, 0, LAST_MS, LAST_MS + 1, 2**62)]
    if topic.name == "transactions.raw":
        found += [(key, body, now) for _, body, _ in HOSTILE for key in (None, b"\x00") for now in (-1, found[0][2])]
    return found


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_bronze_keeps_whatever_the_stream_says_of_a_record(migrated: Settings, topic: Dataset) -> None:
    """Accepted ones in the topic's table, all others among the dead letters; none is refused."""
    build = build_validator(CATALOGUE, "USD").build_id
    check = CheckRecord(str(migrated.contracts_dir), "USD", build)
    check.open(None)
    accepted = rejected = 0
    with strict_connection(migrated, "bronze_db") as connection, connection.transaction(force_rollback=True):
        for offset, given in enumerate(messages(topic)):
            key, body, kafka_ms = given
            said = check.eval(topic.topic_name, key, body, kafka_ms, HEADERS[offset % len(HEADERS)])
            was_accepted = write(connection, topic.topic_name, offset, given, said)
            accepted += was_accepted
            rejected += not was_accepted
    assert accepted > 50
    assert rejected > 150
