"""Promote, roll back and retire on the whole platform: bronze replayed across the changes says what the stream said."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from streamflow.contracts import Catalogue
from streamflow.jobs.cluster import Cluster
from streamflow.jobs.plan import FRAUD_DETECTOR
from streamflow.jobs.progress import wait_drained
from streamflow.jobs.submission import FlinkClient
from streamflow.quality.stream_checks import check_stream, read_book
from streamflow.replay.rule_topic import newest_event_bound_us
from streamflow.settings import Settings
from tests.rules_shop import Shop

DEADLINE_S = 300.0


@pytest.fixture(scope="module")
def changed(settings: Settings, jobs: FlinkClient) -> Settings:
    """Tell a story of changes with purchases before, between and after; wait until bronze has all of it."""
    job_id = Cluster(settings).active()[FRAUD_DETECTOR].job_id
    shop = Shop(settings, prefix="changed")
    newest_us = newest_event_bound_us(settings.kafka.require(), 0)
    if newest_us is not None:
        shop.now_ms = newest_us // 1000 + 600_000
    shop.burst()
    shop.rules("shadow", "publish", "1.1.0", "--shadow")
    shop.later("shadow")
    shop.burst()
    shop.rules("promote", "promote", "1.1.0", "--force", "trial in a test")
    shop.burst()
    shop.later("promote")
    shop.burst()
    shop.rules("rollback", "rollback", "--reason", "end of the trial")
    shop.later("rollback")
    shop.burst()
    shop.rules("again", "publish", "1.1.0", "--shadow")
    shop.rules("retire", "retire", "1.1.0", "--reason", "end of the trial")
    shop.burst()
    wait_drained(settings, DEADLINE_S)
    assert Cluster(settings).active()[FRAUD_DETECTOR].job_id == job_id
    return settings


def test_a_replay_of_bronze_across_the_changes_agrees_with_the_stream(
    changed: Settings, bronze: psycopg.Connection[tuple[Any, ...]]
) -> None:
    """Decisions and alerts, live and shadow, byte for byte; every purchase had a live rule set."""
    book = read_book(changed, bronze)
    assert sorted({item.role for item in book.activations if item.version == "1.1.0"}) == ["live", "shadow"]
    assert any(item.until_us is not None for item in book.activations)
    checks = check_stream(changed, bronze, Catalogue.load(changed.contracts_dir), book)
    assert len(checks) >= 8
    assert [(check.name, check.sentence) for check in checks if not check.ok] == []
    query = "SELECT DISTINCT raw_payload ->> 'rule_set', raw_payload ->> 'role' FROM bronze.raw_fraud_decisions"
    assert set(bronze.execute(query).fetchall()) >= {("1.0.0", "live"), ("1.1.0", "shadow"), ("1.1.0", "live")}
    kept = "SELECT raw_payload -> 'promotion' ->> 'action' FROM bronze.raw_fraud_rules WHERE raw_payload ? 'promotion'"
    assert {row[0] for row in bronze.execute(kept).fetchall()} == {"promote", "retire", "rollback"}
