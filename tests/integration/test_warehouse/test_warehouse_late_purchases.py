"""Purchases that came late are judged by the batch: their score, their alerts, and what counts them."""

from __future__ import annotations

from typing import Any

import pytest

from streamflow.contracts.names import FRAUD_RULES, TRANSACTIONS_LATE
from streamflow.settings import Settings
from streamflow.warehouse.alerts import list_alerts, show_alert
from streamflow.warehouse.transforms import bronze_to_silver, silver_to_gold
from tests.integration.test_warehouse.bronze_rows import Row, Stream, write
from tests.integration.test_warehouse.snapshots import query, snapshot

MINUTES = [f"2026-03-02T09:0{minute}:00Z" for minute in range(6)]
NOON = "2026-03-02T12:00:00Z"
LATE = (
    "SELECT transaction_id, is_late, is_alert, fraud_score::float FROM silver.clean_transactions WHERE is_late "
    "ORDER BY transaction_id"
)


@pytest.fixture
def stream(warehouse: Settings) -> Stream:
    """Rows by hand: no detector."""
    return Stream(warehouse, detect=False)


def late(stream: Stream, purchase: list[Row]) -> list[Row]:
    """Return a purchase's row and that of its late record."""
    ((_, values),) = purchase
    payload = values[7].obj
    record = {
        "schema_version": "1.0.0",
        "transaction_id": payload["transaction_id"],
        "customer_id": payload["customer_id"],
        "event_timestamp": payload["event_timestamp"],
        "watermark": NOON,
        "source_log_id": values[0],
        "source_partition": values[2],
        "source_offset": values[3],
        "purchase": payload,
    }
    return [*purchase, *stream.record(TRANSACTIONS_LATE, "c1", record, NOON)]


def burst(stream: Stream) -> list[list[Row]]:
    """Return six purchases in six minutes; the sixth arrives after one of noon, hence late."""
    first = [stream.purchase(f"t{number}", at) for number, at in enumerate(MINUTES[:5])]
    noon = stream.purchase("noon", NOON)
    return [list(stream.rules()), *first, noon, late(stream, stream.purchase("t5", MINUTES[5]))]


def load(settings: Settings, rows: list[Row]) -> None:
    """Write rows and bring both layers up to them."""
    write(settings, rows)
    bronze_to_silver(settings, "test")
    silver_to_gold(settings, "test")


def test_a_late_purchase_that_is_the_sixth_in_ten_minutes_is_an_alert_of_the_batch(
    warehouse: Settings, stream: Stream
) -> None:
    """In silver with its five lines, in gold's fact and counts, and in the list of alerts, marked late."""
    load(warehouse, [row for part in burst(stream) for row in part])
    ((name, is_late, is_alert, score),) = query(warehouse, "silver_db", LATE)
    assert (name, is_late, is_alert) == ("t5", True, True)
    assert score >= 0.5
    decisions = "SELECT transaction_id, role, score::float, jsonb_array_length(lines) FROM silver.late_decisions"
    assert query(warehouse, "silver_db", decisions) == [("t5", "live", score, 5)]
    fact = "SELECT fraud_flag, fraud_score::float, is_late FROM gold.fact_transactions WHERE transaction_id = 't5'"
    assert query(warehouse, "gold_db", fact) == [(True, score, True)]
    daily = "SELECT rule, alerts FROM gold.agg_daily_fraud WHERE alerts > 0 ORDER BY rule"
    assert query(warehouse, "gold_db", daily) == [("any", 1), ("velocity", 1)]
    quality = "SELECT DISTINCT rule, alerts FROM gold.agg_rule_quality WHERE alerts > 0 ORDER BY rule"
    assert query(warehouse, "gold_db", quality) == [("any", 1), ("velocity", 1)]
    (alert,) = list_alerts(warehouse)
    assert (alert.transaction_id, alert.late, alert.rules) == ("t5", True, ("velocity",))
    shown = show_alert(warehouse, alert.alert_id)
    assert shown["late"] is True
    assert len(shown["lines"]) == 5


def test_how_loads_are_cut_changes_nothing_of_what_is_said_of_late_purchases(
    warehouse: Settings, stream: Stream
) -> None:
    """One load of all, a load a record, and the late record before its purchase, end in the same rows."""
    parts = burst(stream)
    load(warehouse, [row for part in parts for row in part])
    once = snapshot(warehouse)
    assert len(once["silver.late_decisions"]) == 1
    for table in ("raw_transactions", "raw_late", "raw_fraud_rules"):
        write_away(warehouse, table)
    purchase, record = parts.pop()
    for rows in (*parts, [record], [purchase]):
        load(warehouse, list(rows))
    assert snapshot(warehouse) == once


def write_away(settings: Settings, table: str) -> None:
    """Empty a table of bronze, and what was made of it."""
    from streamflow.warehouse.transforms import forget
    from tests.servers import superuser

    with superuser(settings, "bronze_db") as connection:
        connection.execute(f"TRUNCATE bronze.{table}")
    forget(settings)


def test_a_rule_that_becomes_known_afterwards_judges_late_purchases_of_its_time_again(
    warehouse: Settings, stream: Stream
) -> None:
    """A merchant's entry that bronze received after the late purchase; one of a later time touches nothing."""
    bought: dict[str, Any] = {"merchant_id": "m-bad"}
    load(warehouse, [*stream.rules(), *stream.purchase("noon", NOON)])
    load(warehouse, late(stream, stream.purchase("t1", MINUTES[1], **bought)))
    ((_, _, is_alert, base),) = query(warehouse, "silver_db", LATE)
    assert is_alert is False
    load(warehouse, entry(stream, "e-later", "2026-03-02T10:00:00Z"))
    judged = "SELECT count(DISTINCT scored_at) FROM ops.late_positions"
    stamp = "SELECT max(scored_at) FROM ops.late_positions"
    before = query(warehouse, "silver_db", stamp)
    assert query(warehouse, "silver_db", judged) == [(1,)]
    load(warehouse, entry(stream, "e-then", "2026-03-02T08:00:00Z"))
    assert query(warehouse, "silver_db", stamp) > before
    ((_, _, is_alert, score),) = query(warehouse, "silver_db", LATE)
    assert is_alert is True
    assert score > base


def entry(stream: Stream, entry_id: str, since: str) -> list[Row]:
    """Return the row that lists m-bad from a time on."""
    record = {
        "kind": "blacklist",
        "schema_version": "1.0.0",
        "entry_id": entry_id,
        "merchant_id": "m-bad",
        "valid_from": since,
        "valid_to": None,
        "reason": "chargebacks",
        "origin": "manual",
        "risk": None,
        "effective_from": since,
    }
    return stream.record(FRAUD_RULES, f"blacklist/{entry_id}", record, NOON)
