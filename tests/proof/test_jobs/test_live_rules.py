"""What is published while the detector runs counts from its event time on, and survives a crash."""

from __future__ import annotations

import json
import os
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from streamflow.contracts.names import FRAUD_ALERTS, FRAUD_RULES
from streamflow.generator.faults import BASE, BASE_MS
from streamflow.jobs.acknowledgement import wait_for
from streamflow.jobs.cluster import Cluster
from streamflow.jobs.plan import FRAUD_DETECTOR
from streamflow.jobs.progress import end_offsets, wait_drained
from streamflow.jobs.submission import FlinkClient
from streamflow.replay.rule_topic import newest_event_bound_us, publish_records, read_rule_records
from streamflow.rules.blacklist import Entry
from streamflow.rules.book import RuleBook
from streamflow.rules.publication import entry_record
from streamflow.settings import Settings
from streamflow.stack.platform import Platform
from tests.proof.test_jobs.log_cases import read_topic, send

MERCHANT = "merchant-listed-while-running"
HOUR_MS = 3_600_000
CUSTOMERS = 20
DEADLINE_S = 300.0
ACKNOWLEDGED_S = 60.0
"""As long as the commands wait."""


@pytest.fixture(scope="module")
def job_id(settings: Settings, jobs: FlinkClient) -> str:
    """Publish a blacklist entry that holds from an hour after the base time on; return the detector's id."""
    before = Cluster(settings).active()[FRAUD_DETECTOR].job_id
    from_us = (BASE_MS + HOUR_MS) * 1000
    entry = Entry("while-running", MERCHANT, from_us, None, from_us, "notice of a bank", "manual", None)
    book = RuleBook.from_records(read_rule_records(settings.kafka.require()))
    publish_records(settings.kafka.require(), [entry_record(book, entry, None)])
    wait_drained(settings, DEADLINE_S, jobs=[FRAUD_DETECTOR])
    return before


def buy(settings: Settings, prefix: str, hours: float) -> set[str]:
    """Send a purchase of each of some new customers at the listed merchant; return their ids once all are decided."""
    at_ms = BASE_MS + int(hours * HOUR_MS)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    stamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    records = []
    for number in range(CUSTOMERS):
        identity = {"transaction_id": f"{prefix}-{number}", "customer_id": f"{prefix}-{number}"}
        record = BASE | identity | {"event_timestamp": stamp, "merchant_id": MERCHANT}
        records.append((identity["customer_id"].encode(), json.dumps(record).encode(), at_ms))
    send(settings, records)
    wait_drained(settings, DEADLINE_S, jobs=[FRAUD_DETECTOR])
    return {f"{prefix}-{number}" for number in range(CUSTOMERS)}


def alerted(settings: Settings) -> set[str]:
    """Return the transactions with an alert that the blacklist takes part in."""
    ends = {partition: end for (_, partition), end in end_offsets(settings, [FRAUD_ALERTS]).items()}
    found = set()
    for message in read_topic(settings, FRAUD_ALERTS, ends):
        alert: dict[str, Any] = json.loads(message.value())
        if any(line["rule"] == "blacklist" and line["weight_ulo"] > 0 for line in alert["lines"]):
            found.add(alert["transaction_id"])
    return found


def test_an_entry_counts_from_its_event_time_on_and_not_before(settings: Settings, job_id: str) -> None:
    """Purchases an hour too early pass, though the entry was known by then; later ones alert; the job never stopped."""
    early, late = buy(settings, "early", 0.5), buy(settings, "late", 2.0)
    found = alerted(settings)
    assert found & early == set()
    assert found >= late
    assert Cluster(settings).active()[FRAUD_DETECTOR].job_id == job_id


def test_what_was_published_since_the_submission_survives_a_crash(
    settings: Settings, platform: Platform, job_id: str
) -> None:
    """The task managers are killed; the job comes back from its checkpoint, where the entry is."""
    assert sum(end_offsets(settings, [FRAUD_RULES]).values()) >= 2
    for process in platform.status():
        if process.name.startswith("taskmanager") and process.pid is not None:
            os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + DEADLINE_S
    while Cluster(settings).restarts(job_id) == 0 or not Cluster(settings).running(job_id):
        assert time.monotonic() < deadline, f"the detector was not running again after {DEADLINE_S:g} s"
        time.sleep(0.2)
    crashed = buy(settings, "crashed", 3.0)
    assert alerted(settings) >= crashed
    assert Cluster(settings).active()[FRAUD_DETECTOR].job_id == job_id


def test_a_change_after_a_crash_is_acknowledged(settings: Settings, job_id: str) -> None:
    """By Flink's metrics: a fetch of them that waits for a dead task manager must not hold up the others for long."""
    reached_us = newest_event_bound_us(settings.kafka.require(), 300)
    assert reached_us is not None
    entry = Entry(
        "after-the-crash", "another-merchant", reached_us, None, reached_us, "notice of a bank", "manual", None
    )
    book = RuleBook.from_records(read_rule_records(settings.kafka.require()))
    ((_, offset),) = publish_records(settings.kafka.require(), [entry_record(book, entry, None)])
    told = wait_for(settings, offset, ACKNOWLEDGED_S)
    assert (told.job_id, told.have(offset)) == (job_id, told.expected)
    assert told.expected == 1
