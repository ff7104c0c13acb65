"""Records reach a real broker: topics as contracts say, every record acknowledged, a customer in one partition."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Message, TopicPartition

from streamflow.contracts import Catalogue
from streamflow.contracts.names import EVENTS_RAW, REFERENCE_RAW, TOPICS, TRANSACTIONS_RAW
from streamflow.errors import EnvironmentNotReady
from streamflow.generator.pacing import Pace
from streamflow.generator.producer import Produced, ensure_topics, log_ids, produce
from streamflow.generator.runs import plan_run
from streamflow.generator.simulation import Simulation
from streamflow.settings import Settings, load_settings
from tests.commands import in_process

PURCHASES = 3000
ROWS = """User,Card,Year,Month,Day,Time,Amount,Use Chip,Merchant Name,Is Fraud?
0,0,2015,5,2,06:21,$134.09,Swipe Transaction,3527,No
0,0,2015,5,1,06:42,$-38.48,Swipe Transaction,-727,No
0,1,2015,5,3,06:42,"$1,038.48",Online Transaction,-727,Yes
"""


@pytest.fixture(scope="module")
def topics(settings: Settings) -> dict[str, str]:
    """Create the topics of the contracts."""
    return ensure_topics(settings, Catalogue.load(settings.contracts_dir))


def consume(settings: Settings, ranges: dict[tuple[str, int], tuple[int, int]]) -> list[Message]:
    """Read offset ranges (first, last), giving up with a message after a minute."""
    reader = Consumer({"bootstrap.servers": settings.kafka.require(), "group.id": "test", "enable.auto.commit": False})
    found: list[Message] = []
    deadline = time.monotonic() + 60
    try:
        for (topic, partition), (first, last) in ranges.items():
            reader.assign([TopicPartition(topic, partition, first)])
            offset = first - 1
            while offset < last:
                assert time.monotonic() < deadline, f"{topic}/{partition} stops at {offset} of {last}"
                for message in reader.consume(2000, 1.0):
                    assert message.error() is None, message.error()
                    offset = message.offset() or 0
                    if offset <= last:
                        found.append(message)
    finally:
        reader.close()
    return found


def ranges_of(produced: Produced) -> dict[tuple[str, int], tuple[int, int]]:
    """Return first and last offset a partition; without transactions an offset is a record."""
    counts = produced.partition_counts
    return {place: (last - counts[place] + 1, last) for place, last in produced.last_offsets.items()}


def test_topics_are_created_once_and_keep_their_identity(
    settings: Settings, topics: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Safe twice; the log id is Kafka's topic id."""
    assert set(topics) == set(TOPICS)
    assert len(set(topics.values())) == len(TOPICS)
    assert ensure_topics(settings, Catalogue.load(settings.contracts_dir)) == topics
    monkeypatch.setattr("streamflow.generator.producer.ANSWER_S", 1.0)
    with pytest.raises(EnvironmentNotReady, match="no topic 'purchases'"):
        log_ids(settings, ["purchases"])


def test_topics_have_the_policies_of_their_contracts(settings: Settings, topics: dict[str, str]) -> None:
    """Compaction, size and retention."""
    from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]

    admin = AdminClient({"bootstrap.servers": settings.kafka.require()})
    asked = [ConfigResource(ResourceType.TOPIC, name) for name in topics]
    described = {resource.name: future.result(30) for resource, future in admin.describe_configs(asked).items()}
    assert len(described) == len(topics)
    for dataset in Catalogue.load(settings.contracts_dir).topics():
        assert dataset.topic is not None
        config = described[dataset.topic_name]
        assert config["cleanup.policy"].value == dataset.topic.cleanup_policy
        assert config["max.message.bytes"].value == str(dataset.topic.max_message_bytes)
        assert config["retention.ms"].value == str(dataset.topic.retention_ms)


@pytest.mark.usefixtures("topics")
def test_every_record_of_a_run_arrives_as_it_was_made(settings: Settings) -> None:
    """Bytes, keys, timestamps and null values; a customer's records in one partition, in log order."""
    plan = plan_run(settings, purchases=PURCHASES, days=2, seed=5, fault_rate=0.2)
    emissions = list(Simulation(plan).emissions())
    produced = produce(settings, emissions)
    assert sum(produced.counts.values()) == len(emissions)
    messages = consume(settings, ranges_of(produced))
    sent = sorted((one.topic, one.key, one.value or b"", one.value is None, one.timestamp_ms) for one in emissions)
    arrived = sorted((m.topic(), m.key(), m.value() or b"", m.value() is None, m.timestamp()[1]) for m in messages)
    assert arrived == sent
    assert any(m.value() is None for m in messages)
    assert any(m.value() == b"" for m in messages)
    homes: dict[Any, set[int]] = {}
    for m in messages:
        homes.setdefault((m.topic(), m.key()), set()).add(m.partition() or 0)
        headers: dict[str, Any] = dict(m.headers() or [])
        assert abs(int(headers["produced_at_us"]) / 1e6 - time.time()) < 600
    assert {len(partitions) for partitions in homes.values()} == {1}
    assert {partition for partitions in homes.values() for partition in partitions} == set(
        range(settings.kafka.partitions)
    )


@pytest.mark.usefixtures("topics")
def test_a_rate_holds_purchases_back(settings: Settings) -> None:
    """200 purchases at 400 a second take half a second, and not many times that."""
    emissions = list(Simulation(plan_run(settings, purchases=200, days=1, seed=6, fault_rate=0)).emissions())
    begun = time.monotonic()
    produce(settings, emissions, pace=Pace(rate=400))
    assert 199 / 400 <= time.monotonic() - begun < 10 * 200 / 400


@pytest.mark.usefixtures("topics")
def test_generate_sends_and_tells_the_last_offsets() -> None:
    """As a caller needs them that waits for the platform to catch up."""
    done = in_process("generate", "--kafka", "--purchases", "500", "--days", "1", "--seed", "9", "--json")
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["generated"]["purchases"] == 500
    assert outcome["records"][TRANSACTIONS_RAW] >= 500
    assert set(outcome["records"]) == {TRANSACTIONS_RAW, EVENTS_RAW, REFERENCE_RAW}
    assert all("/" in place for place in outcome["last_offsets"])


@pytest.mark.usefixtures("topics")
def test_produce_sends_a_file_of_ones_own_by_time_with_its_label(settings: Settings, tmp_path: Path) -> None:
    """A refund is sent and told; the label comes as a chargeback."""
    source = tmp_path / "own.csv"
    source.write_text(ROWS, encoding="utf-8")
    mapping = settings.root / "data" / "mappings" / "tabformer.yaml"
    done = in_process("produce", str(source), "--mapping", str(mapping), "--json")
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["records"] == {EVENTS_RAW: 1, TRANSACTIONS_RAW: 3}
    assert outcome["file rows"] == {"chargebacks": 1, "labels": 1, "rows": 3, "set_aside.out_of_range": 1}
    place, last = next((k, v) for k, v in outcome["last_offsets"].items() if k.startswith(TRANSACTIONS_RAW))
    partition = int(place.rpartition("/")[2])
    bodies = [
        json.loads(m.value() or b"") for m in consume(settings, {(TRANSACTIONS_RAW, partition): (last - 2, last)})
    ]
    assert [body["amount_minor"] for body in bodies] == [-3848, 13409, 103848]


def test_a_run_goes_through_a_file_unchanged(tmp_path: Path) -> None:
    """`generate --out` and `produce` of that file are `generate --kafka`."""
    path = tmp_path / "run.jsonl.gz"
    made = in_process("generate", "--purchases", "300", "--days", "1", "--out", str(path), "--json")
    sent = in_process("produce", str(path), "--json")
    assert made.returncode == sent.returncode == 0, made.stderr + sent.stderr
    assert json.loads(made.stdout)["records"] == json.loads(sent.stdout)["records"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["generate", "--kafka", "--out", "x.jsonl"], "Give either --kafka or --out"),
        (["generate", "--rate", "5"], "--rate and --speed only mean something with --kafka"),
        (["generate", "--purchases", "0"], "--purchases must lie between 1 and"),
        (["generate", "--fraud-rate", "0.9"], "--fraud-rate must lie between 0 and 0.2"),
        (["generate", "--start", "tomorrow"], "--start must be a date as 2026-01-05"),
        (["generate", "--start", "2099-01-01"], "after today"),
        (["generate", "--out", "no/such/folder/x.jsonl"], "cannot be written"),
        (["produce", "own.csv"], "needs a --mapping"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: list[str], sentence: str) -> None:
    """No stack trace, exit code 2."""
    done = in_process(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broker_that_is_not_there_is_one_sentence(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do about it."""
    monkeypatch.setattr("streamflow.broker.CONNECT_S", 1.0)
    nowhere = load_settings(kafka={**settings.kafka.model_dump(), "bootstrap_servers": "127.0.0.1:1"})
    with pytest.raises(EnvironmentNotReady, match=r"127\.0\.0\.1:1 does not answer .*: run 'streamflow up'"):
        ensure_topics(nowhere, Catalogue.load(settings.contracts_dir))
