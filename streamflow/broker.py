"""What the broker knows: log ids, starts, ends, committed offsets, and whether a record stands at an offset.

A committed offset of ours means more than "read": the checkpoint behind it flushed every sink first.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from streamflow.errors import EnvironmentNotReady

if TYPE_CHECKING:
    from confluent_kafka import Consumer
    from confluent_kafka.admin import AdminClient

    from streamflow.settings import Settings

TIMEOUT_S = 20.0
CONNECT_S = 10.0
INGESTION = "streamflow-transaction-processor"
"""The consumer group that fills bronze; a test holds it against the job's."""
_PROBE_GROUP = "streamflow-conservation-probe"

Place = tuple[str, int]
"""Topic and partition."""
Offsets = dict[Place, int]


@dataclass(frozen=True)
class Log:
    """One topic as the broker has it.

    Attributes:
        topic: Its name.
        log_id: The broker's topic id, base64.
        ends: End offset (exclusive) a partition.
    """

    topic: str
    log_id: str
    ends: dict[int, int]


def connect(settings: Settings) -> AdminClient:
    """Return a client of a broker that answers, quiet, because its sentence is ours.

    Keep it in a name until the last answer is there: a client that is collected leaves its futures open for ever.

    Raises:
        EnvironmentNotReady: The broker does not answer.
    """
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    admin = AdminClient(
        {
            "bootstrap.servers": settings.kafka.require(),
            "socket.timeout.ms": int(TIMEOUT_S * 1000),
            "log_level": 0,
            "error_cb": lambda _: None,  # type: ignore[dict-item]
        }
    )
    try:
        admin.list_topics(timeout=CONNECT_S)
    except KafkaException as error:
        raise _unreachable(settings, error) from error
    return admin


def read_logs(settings: Settings, topics: Iterable[str]) -> dict[str, Log]:
    """Describe topics and their ends.

    Args:
        settings: Says where the broker is.
        topics: Names to describe.

    Returns:
        One log a topic that exists, by name.

    Raises:
        EnvironmentNotReady: The broker does not answer.
    """
    from confluent_kafka import KafkaException, TopicCollection

    admin = connect(settings)
    wanted = sorted(topics)
    described: dict[str, Any] = {}
    try:
        for topic, future in admin.describe_topics(TopicCollection(wanted), request_timeout=TIMEOUT_S).items():
            try:
                described[topic] = future.result(timeout=TIMEOUT_S)
            except KafkaException as error:
                if error.args[0].name() != "UNKNOWN_TOPIC_OR_PART":
                    raise
        ends = _list_offsets(admin, [(t, part.id) for t, known in described.items() for part in known.partitions])
    except (KafkaException, TimeoutError) as error:
        raise _unreachable(settings, error) from error
    return {
        topic: Log(topic, str(description.topic_id), {p.id: ends[topic, p.id] for p in description.partitions})
        for topic, description in described.items()
    }


def offsets(settings: Settings, topics: Iterable[str], end: Literal["earliest", "latest"]) -> Offsets:
    """Return the first offset, or the one behind the last, of each partition of topics.

    Raises:
        EnvironmentNotReady: The broker does not answer, or a topic does not exist.
    """
    from confluent_kafka import KafkaException

    client, wanted = connect(settings), set(topics)
    try:
        known = client.list_topics(timeout=TIMEOUT_S).topics
        missing = sorted(wanted - known.keys())
        if missing:
            raise EnvironmentNotReady(
                f"The topic '{missing[0]}' does not exist: run 'streamflow jobs submit all' first."
            )
        return _list_offsets(client, [(name, number) for name in wanted for number in known[name].partitions], end)
    except (KafkaException, TimeoutError) as error:
        raise _unreachable(settings, error) from error


def _list_offsets(
    client: AdminClient, places: Iterable[Place], end: Literal["earliest", "latest"] = "latest"
) -> Offsets:
    from confluent_kafka import TopicPartition
    from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]

    spec: Any = OffsetSpec.earliest() if end == "earliest" else OffsetSpec.latest()  # type: ignore[no-untyped-call]
    asked = {TopicPartition(*place): spec for place in places}
    answers = client.list_offsets(asked, request_timeout=TIMEOUT_S) if asked else {}
    return {(place.topic, place.partition): future.result(TIMEOUT_S).offset for place, future in answers.items()}


def committed_offsets(settings: Settings, group: str) -> Offsets:
    """Return the offsets that a consumer group has committed, by topic and partition.

    Raises:
        EnvironmentNotReady: The broker does not answer.
    """
    from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException

    admin = connect(settings)
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            asked = [ConsumerGroupTopicPartitions(group)]
            found = admin.list_consumer_group_offsets(asked, request_timeout=TIMEOUT_S)[group].result(TIMEOUT_S)
            return {(p.topic, p.partition): p.offset for p in found.topic_partitions if p.offset >= 0}
        except TimeoutError as error:
            raise _unreachable(settings, error) from error
        except KafkaException as error:
            if error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:
                return {}
            # A broker that has just started is still looking for the group's coordinator.
            if not error.args[0].retriable() or time.monotonic() > deadline:
                raise _unreachable(settings, error) from error
            admin.poll(0.2)


@contextmanager
def prober(settings: Settings) -> Iterator[Consumer]:
    """Open a consumer that reads single offsets and commits nothing."""
    from confluent_kafka import Consumer

    consumer = Consumer(
        {
            "bootstrap.servers": settings.kafka.require(),
            "group.id": _PROBE_GROUP,
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            "isolation.level": "read_uncommitted",
            "fetch.wait.max.ms": 50,
            "log_level": 0,
        }
    )
    try:
        yield consumer
    finally:
        consumer.close()


def end_of(consumer: Consumer, topic: str, partition: int) -> int:
    """Ask the broker for the end offset of one partition, over a consumer from `prober`."""
    from confluent_kafka import TopicPartition

    return int(consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=TIMEOUT_S)[1])


def record_within(consumer: Consumer, topic: str, partition: int, first: int, last: int) -> int | None:
    """Ask the broker whether any record stands at first..last.

    Args:
        consumer: From `prober`.
        topic: Topic name.
        partition: Its partition.
        first: First offset asked about.
        last: Last offset asked about, included.

    Returns:
        The first offset that holds a record, or None when the broker says that none does.

    Raises:
        EnvironmentNotReady: The broker did not answer, or no longer has that range and so cannot say.
    """
    from confluent_kafka import KafkaError, TopicPartition

    consumer.assign([TopicPartition(topic, partition, first)])
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        message = consumer.poll(0.5)
        if message is None:
            continue
        error = message.error()
        if error is None:
            offset = int(message.offset() or 0)
            return offset if first <= offset <= last else None
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's public name for it
            return None
        raise EnvironmentNotReady(f"The broker cannot say what stood at {topic}[{partition}]@{first}: {error.str()}.")
    raise EnvironmentNotReady(f"The broker did not answer for {topic}[{partition}]@{first} within {TIMEOUT_S:.0f} s.")


def _unreachable(settings: Settings, error: Exception) -> EnvironmentNotReady:
    return EnvironmentNotReady(
        f"Kafka at {settings.kafka.require()} does not answer ({_why(error)}): run 'streamflow up'."
    )


def _why(error: Exception) -> str:
    """Say what a client's exception means in words; a timeout of its futures has none of its own."""
    if isinstance(error, TimeoutError):
        return f"no word for {TIMEOUT_S:g} s"
    reason = error.args[0] if error.args else error
    return str(reason.str()) if hasattr(reason, "str") else str(reason)
