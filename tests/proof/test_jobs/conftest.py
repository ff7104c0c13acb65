"""The three jobs on the run's platform: tables, a rule set, submitted once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from streamflow.cli.jobs import client, register_recovery
from streamflow.contracts import Catalogue
from streamflow.contracts.rule_sets import load_rule_set
from streamflow.generator.producer import ensure_topics
from streamflow.jobs.submission import FlinkClient, cancel, submit
from streamflow.replay.rule_topic import publish_records
from streamflow.settings import Settings
from streamflow.warehouse.migrations import migrate

RULE_SET = "1.0.0"


@pytest.fixture(scope="session")
def flink(settings: Settings) -> FlinkClient:
    """Return the `flink` command of the run's platform."""
    return client(settings)


@pytest.fixture(scope="session")
def log_ids(settings: Settings) -> dict[str, str]:
    """Create tables and topics, publish a rule set; return the topics' ids."""
    migrate(settings)
    ids = ensure_topics(settings, Catalogue.load(settings.contracts_dir))
    record: dict[str, Any] = {
        "schema_version": "1.0.0",
        "kind": "rule_set",
        "version": RULE_SET,
        "effective_from": "1970-01-01T00:00:00.000Z",
        "role": "live",
        "rule_set": load_rule_set(RULE_SET).payload(),
    }
    publish_records(settings.kafka.require(), [record])
    return ids


@pytest.fixture(scope="session")
def jobs(settings: Settings, flink: FlinkClient, log_ids: dict[str, str]) -> Iterator[FlinkClient]:
    """Run the three jobs until the end of the run; tests that stop one bring it back."""
    register_recovery(settings)
    submit(settings, flink)
    yield flink
    cancel(settings, ("transaction_processor", "fraud_detector", "realtime_aggregator"))


@pytest.fixture
def bronze(settings: Settings) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """Return a connection that may read bronze."""
    with psycopg.connect(settings.postgres.dsn("bronze_db", "reader")) as connection:
        yield connection
