"""Alerts that the safety valve held back are in every table, and known as such by whoever delivers."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from streamflow.contracts.names import FRAUD_ALERTS
from streamflow.settings import Settings
from streamflow.warehouse.alerts import list_alerts
from streamflow.warehouse.connections import connect
from streamflow.warehouse.transforms import bronze_to_silver
from tests.integration.test_warehouse.bronze_rows import RAW_COLUMNS, Stream, write

NOON = "2026-03-02T12:00:00Z"


def test_an_alert_that_is_held_back_is_listed_apart(warehouse: Settings) -> None:
    """By the header of its record in bronze; its row in silver is as any other."""
    stream = Stream(warehouse)
    write(warehouse, [*stream.rules(), *stream.purchase("t1", NOON), *stream.purchase("t2", NOON)])
    write(warehouse, stream.decision("t1", NOON, FRAUD_ALERTS))
    ((_, held),) = stream.decision("t2", NOON, FRAUD_ALERTS)
    headers = json.dumps({"produced_at_us": "1", "held_back": "velocity,blacklist"})
    copy_text = f"COPY bronze.raw_fraud_alerts ({RAW_COLUMNS}, headers) FROM STDIN"
    with connect(warehouse, "bronze_db", "ingest") as bronze, bronze.cursor().copy(copy_text) as copy:
        copy.write_row((*held, headers))
    bronze_to_silver(warehouse, "one")
    assert [one.transaction_id for one in list_alerts(warehouse)] == ["t1"]
    assert [one.transaction_id for one in list_alerts(warehouse, held_back=True)] == ["t2"]
    begin = datetime(2026, 3, 2, 12, 0, 1, tzinfo=UTC)
    assert list_alerts(warehouse, begin=begin) == list_alerts(warehouse, begin=begin, held_back=True) == []
    with connect(warehouse, "silver_db", "reader") as silver:
        rows = silver.execute("SELECT transaction_id FROM silver.fraud_alerts ORDER BY 1").fetchall()
    assert rows == [("t1",), ("t2",)]
