"""The fraud-rules topic: reading it to its end, adding to it, and asking how far the purchases have come.

The rules themselves know no broker; this is the only place that carries them there and back.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from streamflow.contracts.names import FRAUD_RULES, TRANSACTIONS_RAW
from streamflow.errors import EnvironmentNotReady, InputError
from streamflow.log import get_logger
from streamflow.rules.admission import admit
from streamflow.rules.book import RuleBook

if TYPE_CHECKING:
    from streamflow.contracts import Validator
    from streamflow.contracts.rule_sets import Horizons

DEADLINE_S = 30.0
PAUSE_S = 0.2


@dataclass(frozen=True)
class Refusal:
    """A record of fraud-rules that no job applies.

    Attributes:
        offset: Where it stands.
        key: Its Kafka key, as text.
        why: The sentence.
    """

    offset: int
    key: str
    why: str


@dataclass(frozen=True)
class RuleLog:
    """The fraud-rules topic, judged as the detector judges it.

    Attributes:
        book: What is in force when.
        records: The payloads that count, in the order of the log.
        offsets: Of the newest record that counts, by its Kafka key.
        refusals: The records that do not count.
        end: The offset after the last record.
    """

    book: RuleBook
    records: tuple[dict[str, Any], ...]
    offsets: dict[str, int]
    refusals: tuple[Refusal, ...]
    end: int


def _consumer(bootstrap_servers: str) -> Any:
    from confluent_kafka import Consumer

    return Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "streamflow-rule-topic",
            "enable.auto.commit": False,
            "enable.partition.eof": False,
            "auto.offset.reset": "earliest",
            "socket.connection.setup.timeout.ms": 5000,
        }
    )


def _partitions(consumer: Any, topic: str) -> dict[int, tuple[int, int]]:
    """Return the first offset and the one after the last, by partition; waits for a topic that was just created."""
    from confluent_kafka import KafkaError, KafkaException, TopicPartition

    electing = {KafkaError.LEADER_NOT_AVAILABLE, KafkaError.NOT_LEADER_FOR_PARTITION}
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            metadata = consumer.list_topics(topic, timeout=DEADLINE_S).topics[topic]
            if metadata.error is None:
                return {
                    partition: consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=DEADLINE_S)
                    for partition in sorted(metadata.partitions)
                }
            error = metadata.error
        except KafkaException as exception:
            error = exception.args[0]
        if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise EnvironmentNotReady(f"The topic {topic} does not exist: 'streamflow rules publish' creates it.")
        if error.code() not in electing or time.monotonic() > deadline:
            raise EnvironmentNotReady(f"Kafka does not answer about the topic {topic}: {error.str()}.")
        time.sleep(PAUSE_S)


def _read(consumer: Any, topic: str, starts: Mapping[int, int], ends: Mapping[int, int]) -> list[Any]:
    """Return the messages of each partition from its start up to its end, in (partition, offset) order."""
    from confluent_kafka import TopicPartition

    left = {partition for partition, end in ends.items() if starts[partition] < end}
    consumer.assign([TopicPartition(topic, partition, starts[partition]) for partition in sorted(left)])
    messages: list[Any] = []
    deadline = time.monotonic() + DEADLINE_S
    while left:
        if time.monotonic() > deadline:
            raise EnvironmentNotReady(f"The topic {topic} could not be read to its end within {DEADLINE_S:g} s.")
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            messages.append(message)
            deadline = time.monotonic() + DEADLINE_S
        # By position, not by the last message: compaction may have removed the records before the end.
        for place in consumer.position([TopicPartition(topic, partition) for partition in left]):
            if place.offset >= ends[place.partition]:
                left.discard(place.partition)
    return sorted(messages, key=lambda message: (message.partition(), message.offset()))


def _messages(bootstrap_servers: str, topic: str) -> tuple[list[Any], int]:
    """Return every message of the topic in the order of its log, and the offset after the last."""
    consumer = _consumer(bootstrap_servers)
    try:
        spans = _partitions(consumer, topic)
        starts = {partition: span[0] for partition, span in spans.items()}
        messages = _read(consumer, topic, starts, {partition: span[1] for partition, span in spans.items()})
    finally:
        consumer.close()
    return messages, max((span[1] for span in spans.values()), default=0)


def read_rule_log(
    bootstrap_servers: str, validator: Validator, horizons: Horizons, topic: str = FRAUD_RULES
) -> RuleLog:
    """Read the fraud-rules topic to its end and judge each record as every job does.

    Args:
        bootstrap_servers: The broker.
        validator: The validator that the stream runs.
        horizons: How far the detector's state reaches.
        topic: Its name.

    Returns:
        What counts, and what does not and why.

    Raises:
        EnvironmentNotReady: The broker or the topic is not there.
    """
    messages, end = _messages(bootstrap_servers, topic)
    book, records, refusals = RuleBook(), [], []
    offsets: dict[str, int] = {}
    for message in messages:
        key = (message.key() or b"").decode("utf-8", "replace")
        verdict = validator(FRAUD_RULES, message.key(), message.value(), message.timestamp()[1])
        if verdict.reason is not None or verdict.record is None:
            refusals.append(
                Refusal(message.offset(), key, verdict.detail or f"It breaks its contract: {verdict.reason}.")
            )
            continue
        try:
            book = admit(book, verdict.record, horizons)
        except InputError as error:
            refusals.append(Refusal(message.offset(), key, str(error)))
            continue
        records.append(verdict.record)
        offsets[key] = message.offset()
    return RuleLog(book, tuple(records), offsets, tuple(refusals), end)


def read_rule_records(bootstrap_servers: str, topic: str = FRAUD_RULES) -> list[dict[str, Any]]:
    """Read the payloads of the fraud-rules topic to its end, without judging them.

    Args:
        bootstrap_servers: The broker.
        topic: Its name.

    Returns:
        The payloads in the order of the log; what is no JSON object is logged and left out, as the stream leaves it to
        the dead letters.

    Raises:
        EnvironmentNotReady: The broker or the topic is not there.
    """
    messages, _ = _messages(bootstrap_servers, topic)
    records = []
    for message in messages:
        try:
            payload = msgspec.json.decode(message.value() or b"")
        except msgspec.DecodeError:
            payload = None
        if isinstance(payload, dict):
            records.append(payload)
        else:
            get_logger(topic=topic, partition=message.partition(), offset=message.offset()).warning("no rule record")
    return records


def newest_event_bound_us(bootstrap_servers: str, margin_s: int, topic: str = TRANSACTIONS_RAW) -> int | None:
    """Return an event time that no purchase in the log has reached, epoch microseconds.

    Args:
        bootstrap_servers: The broker.
        margin_s: How far the contract lets an event time run ahead of its Kafka timestamp, seconds.
        topic: Where the purchases are.

    Returns:
        The newest Kafka timestamp plus the margin, or None while the topic is empty.

    Raises:
        EnvironmentNotReady: The broker or the topic is not there.
    """
    consumer = _consumer(bootstrap_servers)
    try:
        spans = {partition: span for partition, span in _partitions(consumer, topic).items() if span[0] < span[1]}
        starts = {partition: end - 1 for partition, (_, end) in spans.items()}
        messages = _read(consumer, topic, starts, {partition: end for partition, (_, end) in spans.items()})
    finally:
        consumer.close()
    newest_ms = max((message.timestamp()[1] for message in messages), default=None)
    return None if newest_ms is None else newest_ms * 1000 + margin_s * 1_000_000 + 1000


def record_key(record: Mapping[str, Any]) -> str:
    """Return the Kafka key of a fraud-rules record.

    Raises:
        InputError: Its kind has no key.
    """
    if record.get("kind") == "rule_set":
        return f"rule_set/{record['version']}"
    if record.get("kind") == "blacklist":
        return f"blacklist/{record['entry_id']}"
    raise InputError(f"A fraud-rules record has no kind '{record.get('kind')}'; valid: blacklist, rule_set.")


def publish_records(
    bootstrap_servers: str, records: list[Mapping[str, Any]], topic: str = FRAUD_RULES
) -> list[tuple[int, int]]:
    """Append records to the fraud-rules topic and wait until the broker has them.

    Args:
        bootstrap_servers: The broker.
        records: Payloads, already checked by adding them to the book.
        topic: Its name.

    Returns:
        Partition and offset of each, in order.

    Raises:
        EnvironmentNotReady: The broker did not take them in time.
    """
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": bootstrap_servers, "acks": "all"})
    places: list[tuple[int, int]] = []
    failures: list[str] = []

    def delivered(error: Any, message: Any) -> None:
        if error is None:
            places.append((message.partition(), message.offset()))
        else:
            failures.append(error.str())

    for record in records:
        headers: dict[str, str | bytes | None] = {"produced_at_us": str(time.time_ns() // 1000)}
        value = msgspec.json.encode(record)
        producer.produce(topic, key=record_key(record).encode(), value=value, headers=headers, on_delivery=delivered)
    unsent = producer.flush(DEADLINE_S)
    if unsent or failures:
        reason = failures[0] if failures else f"no answer within {DEADLINE_S:g} s"
        raise EnvironmentNotReady(f"The topic {topic} did not take {unsent + len(failures)} records: {reason}.")
    return places
