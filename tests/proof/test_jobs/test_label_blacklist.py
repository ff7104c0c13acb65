"""Chargebacks list a merchant: what `rules blacklist propose --publish` says, the running detector applies.

::

    event time   shadow          bought      charged back      listed
    live         1.0.0: listed or not listed
    shadow       1.1.0: graded by the risk that the labels gave
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Producer

from streamflow.contracts.names import EVENTS_RAW, FRAUD_ALERTS, FRAUD_DECISIONS
from streamflow.contracts.timestamps import format_us, parse_us
from streamflow.jobs.cluster import Cluster
from streamflow.jobs.plan import FRAUD_DETECTOR
from streamflow.jobs.progress import wait_drained
from streamflow.jobs.submission import FlinkClient
from streamflow.replay.rule_topic import newest_event_bound_us
from streamflow.settings import Settings
from streamflow.warehouse.transforms import bronze_to_silver
from tests.rules_shop import DEADLINE_S, Shop

MERCHANT = "merchant-of-chargebacks"
FRAUDS = 6
PURCHASES = 12
WAITED_MS = 600_000
DRAINED_S = 300.0

Line = dict[str, Any]


def charge_back(shop: Shop, transactions: list[str]) -> None:
    """Report purchases of the newest burst as fraud, some minutes after them."""
    producer = Producer({"bootstrap.servers": shop.settings.kafka.require(), "partitioner": "murmur2_random"})
    shop.now_ms += WAITED_MS
    for transaction in transactions:
        customer = f"{shop.prefix}-{shop.bursts % 4}-{transaction.rpartition('-')[2]}"
        event = {
            "schema_version": "1.0.0",
            "event_id": f"chargeback-{transaction}",
            "customer_id": customer,
            "event_type": "chargeback",
            "event_timestamp": format_us(shop.now_ms * 1000),
            "transaction_id": transaction,
            "chargeback_reason": "fraud",
        }
        producer.produce(EVENTS_RAW, json.dumps(event).encode(), customer.encode(), timestamp=shop.now_ms)
    assert producer.flush(DEADLINE_S) == 0


@pytest.fixture(scope="module")
def story(settings: Settings, jobs: FlinkClient) -> Iterator[Shop]:
    """Tell it once: half of a merchant's purchases are charged back, the proposal is published, customers return."""
    shop = Shop(settings, prefix="labelled")
    newest_us = newest_event_bound_us(settings.kafka.require(), 0)
    if newest_us is not None:
        shop.now_ms = newest_us // 1000 + WAITED_MS
    shop.told["job"] = {"id": Cluster(settings).active()[FRAUD_DETECTOR].job_id}
    for _ in range(3):
        shop.burst()
    shop.rules("shadow", "publish", "1.1.0", "--shadow")
    shop.later("shadow")
    shop.burst(merchant=MERCHANT, purchases=PURCHASES // 4)
    bought = [f"{shop.prefix}-{shop.bursts}-{number}-{customer}" for number in range(3) for customer in range(4)]
    charge_back(shop, bought[:FRAUDS])
    shop.burst()
    wait_drained(settings, DRAINED_S)
    bronze_to_silver(settings, "label-blacklist")
    proposed = shop.run("rules", "blacklist", "propose", "--json")
    assert proposed.returncode == 0, proposed.stderr
    shop.told["proposal"] = {one["merchant_id"]: one for one in json.loads(proposed.stdout)}
    published = shop.run("rules", "blacklist", "propose", "--publish")
    assert published.returncode == 0, published.stderr
    shop.read_out["published"] = published.stdout
    shop.read_out["again"] = shop.run("rules", "blacklist", "propose", "--publish").stdout
    from_us = parse_us(shop.told["proposal"][MERCHANT]["valid_from"])
    assert from_us is not None
    assert from_us // 1000 > shop.now_ms
    shop.now_ms = from_us // 1000
    shop.burst(merchant=MERCHANT, purchases=1)
    wait_drained(settings, DRAINED_S, jobs=[FRAUD_DETECTOR])
    yield shop
    shop.rules("retire", "retire", "1.1.0", "--reason", "end of the trial")


def lines_of(shop: Shop, topic: str, burst: int, rule_set: str) -> dict[str, Line]:
    """Return the blacklist's line on each purchase of a burst that a rule set spoke about."""
    found: dict[str, Line] = {}
    for message in shop.read(topic):
        payload = json.loads(message.value())
        if payload["rule_set"] == rule_set and payload["transaction_id"].startswith(f"{shop.prefix}-{burst}-"):
            (found[payload["transaction_id"]],) = [line for line in payload["lines"] if line["rule"] == "blacklist"]
    return found


def test_labels_propose_the_merchant_and_no_other(story: Shop) -> None:
    """Six frauds in twelve purchases; an entry that ends by itself."""
    assert list(story.told["proposal"]) == [MERCHANT]
    proposal = story.told["proposal"][MERCHANT]
    assert (proposal["frauds"], proposal["purchases"]) == (FRAUDS, PURCHASES)
    assert proposal["valid_from"] < proposal["valid_to"]
    assert proposal["entry_id"].startswith(f"labels:{MERCHANT}:")


def test_every_subtask_acknowledges_the_entry_and_a_second_run_lists_nothing(story: Shop) -> None:
    """The job goes on as it was."""
    assert "1 merchants are listed from 2026-" in story.read_out["published"]
    assert "subtasks have it, after " in story.read_out["published"]
    assert "There is nothing to list." in story.read_out["again"]
    job = Cluster(story.settings).active()[FRAUD_DETECTOR]
    assert job.job_id == story.told["job"]["id"]
    assert Cluster(story.settings).restarts(job.job_id) == 0


def test_the_next_purchases_at_that_merchant_get_the_line_of_the_entry(story: Shop) -> None:
    """All four alert in the live rule set, each saying on which labels the entry rests."""
    lines = lines_of(story, FRAUD_ALERTS, story.bursts, "1.0.0")
    assert len(lines) == 4
    reason = story.told["proposal"][MERCHANT]["reason"]
    assert {line["sentence"] for line in lines.values()} == {
        f"Merchant {MERCHANT} is listed since {story.told['proposal'][MERCHANT]['valid_from']}: {reason}"
    }
    assert all(line["weight_ulo"] > 0 for line in lines.values())


def test_a_rule_set_that_grades_risk_sees_the_risk_of_the_entry(story: Shop) -> None:
    """The figure that the labels gave, beside the shadow's weight for it; purchases before the entry have none."""
    risk = story.told["proposal"][MERCHANT]["risk"]
    lines = lines_of(story, FRAUD_DECISIONS, story.bursts, "1.1.0")
    assert len(lines) == 4
    assert {(line["measure"], line["observed"]) for line in lines.values()} == {("risk", risk)}
    assert all(line["weight_ulo"] > 0 for line in lines.values())
    before = lines_of(story, FRAUD_DECISIONS, story.bursts - 2, "1.1.0")
    assert not any(line["weight_ulo"] > 0 for line in before.values())
