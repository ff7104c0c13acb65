"""The way to Kafka: topics as the contracts say, and records acknowledged by every replica, once.

Every producer of the project partitions by murmur2, as the JVM does: all records of a customer lie in one partition,
whoever sent them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from streamflow import broker
from streamflow.errors import EnvironmentNotReady, StreamFlowError
from streamflow.generator.pacing import Pace
from streamflow.generator.records import Emission

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, Message, Producer

    from streamflow.contracts.catalogue import Catalogue
    from streamflow.settings import Settings

PARTITIONER = "murmur2"
ANSWER_S = 10.0
SETTLE_S = 60.0
DELIVERY_MS = 120_000
LARGEST_BYTES = 4_000_000
LONGEST_NAP_S = 0.2


class DeliveryFailed(StreamFlowError):
    """The broker refused records; how many had arrived is in the sentence."""


@dataclass
class Produced:
    """What arrived.

    Attributes:
        counts: Acknowledged records a topic.
        last_offsets: The highest acknowledged offset a (topic, partition); a consumer that has committed one more than
            each of them has seen everything.
        partition_counts: Acknowledged records a (topic, partition).
        interrupted: Whether a person stopped it; what was sent before is acknowledged all the same.
    """

    counts: dict[str, int] = field(default_factory=dict)
    last_offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    partition_counts: dict[tuple[str, int], int] = field(default_factory=dict)
    interrupted: bool = False


def ensure_topics(settings: Settings, catalogue: Catalogue) -> dict[str, str]:
    """Create the topics that do not exist yet, as their contracts say; existing ones are left as they are.

    Args:
        settings: Where the broker is; partitions and replication for topics that leave them to the deployment.
        catalogue: The contracts.

    Returns:
        The log id (Kafka's topic id) of each topic.

    Raises:
        EnvironmentNotReady: The broker does not answer, or refuses a topic.
    """
    from confluent_kafka import KafkaError, KafkaException
    from confluent_kafka.cimpl import NewTopic

    admin = broker.connect(settings)
    wanted = []
    for dataset in catalogue.topics():
        policy = dataset.topic
        if policy is None:
            continue
        partitions = settings.kafka.partitions if policy.partitions == "setting" else policy.partitions
        config = {
            "cleanup.policy": policy.cleanup_policy,
            "retention.ms": str(policy.retention_ms),
            "max.message.bytes": str(policy.max_message_bytes),
            "min.insync.replicas": str(max(1, settings.kafka.replication_factor - 1)),
            # The producer's now, never the broker's: see ARCHITECTURE.md on times.
            "message.timestamp.type": "CreateTime",
        }
        wanted.append(NewTopic(dataset.topic_name, partitions, settings.kafka.replication_factor, config=config))
    for name, future in admin.create_topics(wanted, operation_timeout=SETTLE_S).items():
        try:
            future.result(SETTLE_S)
        except KafkaException as error:
            reason: Any = error.args[0]
            if reason.code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise EnvironmentNotReady(f"Kafka refuses the topic '{name}': {reason.str()}.") from error
    return log_ids(settings, [topic.topic for topic in wanted])


def log_ids(settings: Settings, topics: list[str]) -> dict[str, str]:
    """Return the log id of each topic, waiting for topics that were created a moment ago.

    Args:
        settings: Where the broker is.
        topics: Their names.

    Raises:
        EnvironmentNotReady: A topic does not exist.
    """
    from confluent_kafka import KafkaException, TopicCollection

    admin = broker.connect(settings)
    deadline = time.monotonic() + ANSWER_S
    found: dict[str, str] = {}
    while len(found) < len(topics):
        missing = [name for name in topics if name not in found]
        for name, future in admin.describe_topics(TopicCollection(missing)).items():
            try:
                found[name] = str(future.result(ANSWER_S).topic_id)
            except KafkaException as error:
                if time.monotonic() > deadline:
                    raise EnvironmentNotReady(f"Kafka has no topic '{name}': run 'streamflow up'.") from error
                admin.poll(LONGEST_NAP_S)
    return found


class _Deliveries:
    """Collects delivery reports."""

    def __init__(self) -> None:
        self.produced = Produced()
        self.error: KafkaError | None = None
        self.failed_topic = ""

    def __call__(self, error: KafkaError | None, message: Message) -> None:
        topic, partition, offset = message.topic() or "", message.partition(), message.offset()
        if error is not None or partition is None or offset is None:
            if self.error is None:
                self.error, self.failed_topic = error, topic
            return
        produced, place = self.produced, (topic, partition)
        produced.counts[topic] = produced.counts.get(topic, 0) + 1
        produced.partition_counts[place] = produced.partition_counts.get(place, 0) + 1
        if offset > produced.last_offsets.get(place, -1):
            produced.last_offsets[place] = offset

    def check(self) -> None:
        """Raise the first failure as one sentence."""
        if self.error is not None:
            arrived = sum(self.produced.counts.values())
            raise DeliveryFailed(
                f"Kafka did not take a record of '{self.failed_topic}' ({self.error.str()}); {arrived:,} had arrived."
            )


def _producer(settings: Settings) -> Producer:
    from confluent_kafka import Producer

    return Producer(
        {
            "bootstrap.servers": settings.kafka.require(),
            "acks": "all",
            "enable.idempotence": True,
            "partitioner": PARTITIONER,
            "linger.ms": 20,
            "batch.size": 262_144,
            "compression.type": "lz4",
            "message.max.bytes": LARGEST_BYTES,
            "queue.buffering.max.messages": 200_000,
            "delivery.timeout.ms": DELIVERY_MS,
            "log_level": 0,
            "error_cb": lambda _: None,
        }
    )


def produce(
    settings: Settings,
    emissions: Iterable[Emission],
    *,
    pace: Pace | None = None,
    on_emission: Callable[[Emission], None] | None = None,
) -> Produced:
    """Send emissions and wait until every one is acknowledged.

    Args:
        settings: Where the broker is.
        emissions: In log order; their topics exist.
        pace: How fast; as fast as possible when not given.
        on_emission: Called as each is handed over.

    Returns:
        Counts and last offsets. An interrupt (Ctrl-C) ends the run early, cleanly.

    Raises:
        EnvironmentNotReady: The broker does not answer.
        DeliveryFailed: It refused a record or did not acknowledge it within two minutes.
    """
    broker.connect(settings)
    deliveries = _Deliveries()
    producer = _producer(settings)
    pace = pace or Pace()
    try:
        for emission in emissions:
            while (wait := pace.wait_s(emission)) > 0:
                producer.poll(min(wait, LONGEST_NAP_S))
            _send(producer, emission, deliveries)
            pace.count(emission)
            if on_emission is not None:
                on_emission(emission)
            if deliveries.error is not None:
                break
    except KeyboardInterrupt:
        deliveries.produced.interrupted = True
    producer.flush(DELIVERY_MS / 1000)
    deliveries.check()
    return deliveries.produced


def _send(producer: Producer, emission: Emission, deliveries: _Deliveries) -> None:
    headers = [("produced_at_us", b"%d" % (time.time_ns() // 1000))]
    while True:
        try:
            producer.produce(
                emission.topic,
                value=emission.value,
                key=emission.key,
                timestamp=emission.timestamp_ms,
                headers=headers,  # type: ignore[arg-type]
                on_delivery=deliveries,
            )
        except BufferError:
            producer.poll(LONGEST_NAP_S)
        else:
            producer.poll(0)
            return
