"""The baseline of the jobs: one process that reads Kafka, runs the same validator and copies into PostgreSQL.

It commits no offsets with its rows, keeps no state, and a crash would lose or double a batch: what is left when one
takes everything away that the jobs are for.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.errors import StreamFlowError
from streamflow.settings import Settings
from streamflow.warehouse.connections import Session, connect

BATCH = 5000
DEADLINE_S = 300.0


def consume_and_copy(settings: Settings, ends: dict[int, int]) -> float:
    """Read a topic from its beginning to its ends, judge each record, copy the accepted ones; return seconds.

    Args:
        settings: Where Kafka and PostgreSQL are.
        ends: End offset of each partition of transactions.raw.

    Raises:
        StreamFlowError: A record breaks its contract, or the deadline passed.
    """
    from confluent_kafka import Consumer, TopicPartition

    validate = build_validator(Catalogue.load(settings.contracts_dir), settings.base_currency)
    consumer = Consumer(
        {
            "bootstrap.servers": settings.kafka.require(),
            "group.id": "streamflow-bench-plain",
            "enable.auto.commit": False,
            "queued.max.messages.kbytes": 262_144,
        }
    )
    wanted, done = sum(ends.values()), 0
    try:
        with connect(settings, "bronze_db", "owner") as connection:
            session = Session(connection, settings.sql_dir)
            session.execute("bench/plain_bronze")
            statement = session.render("bench/plain_bronze_copy")
            consumer.assign([TopicPartition(TRANSACTIONS_RAW, number, 0) for number in ends])
            began = time.monotonic()
            while done < wanted:
                if time.monotonic() - began > DEADLINE_S:
                    raise StreamFlowError(f"The plain consumer read {done} of {wanted} records in {DEADLINE_S:.0f} s.")
                messages = consumer.consume(BATCH, 0.5)
                with connection.transaction(), connection.cursor().copy(statement) as copy:
                    for message in messages:
                        body, time_ms = message.value(), message.timestamp()[1]
                        verdict = validate(TRANSACTIONS_RAW, message.key(), body, time_ms)
                        if verdict.reason is not None or body is None:
                            raise StreamFlowError(f"The benchmark's own record is refused: {verdict.detail}")
                        moment = datetime.fromtimestamp(time_ms / 1000, UTC)
                        happened = datetime.fromtimestamp((verdict.event_time_us or 0) / 1e6, UTC)
                        place = ("plain", TRANSACTIONS_RAW, message.partition(), message.offset(), message.key())
                        stamps: dict[str, Any] = dict(message.headers() or [])
                        headers = json.dumps({name: value.decode() for name, value in stamps.items()})
                        payload = (moment, headers, happened, body.decode(), body)
                        copy.write_row((*place, *payload, verdict.status, verdict.schema_version))
                done += len(messages)
            return time.monotonic() - began
    finally:
        consumer.close()
