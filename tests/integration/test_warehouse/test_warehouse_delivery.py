"""Alerts that the safety valve held back are in every table, and known as such by whoever delivers."""

from __future__ import annotations

import json

from streamflow.contracts.names import FRAUD_ALERTS
from streamflow.settings import Settings
from streamflow.warehouse.connections import connect
from streamflow.warehouse.delivery import held_back
from streamflow.warehouse.transforms import bronze_to_silver
from tests.integration.test_warehouse.bronze_rows import RAW_COLUMNS, Stream, write

NOON = "2026-03-02T12:00:00Z"


def test_a_row_of_silver_leads_to_what_holds_its_alert_back(warehouse: Settings) -> None:
    """By the place of its record; the row itself is as any other."""
    stream = Stream(warehouse)
    write(warehouse, [*stream.rules(), *stream.purchase("t1", NOON), *stream.purchase("t2", NOON)])
    write(warehouse, stream.decision("t1", NOON, FRAUD_ALERTS))
    ((_, held),) = stream.decision("t2", NOON, FRAUD_ALERTS)
    headers = json.dumps({"produced_at_us": "1", "held_back": "velocity,blacklist"})
    copy_text = f"COPY bronze.raw_fraud_alerts ({RAW_COLUMNS}, headers) FROM STDIN"
    with connect(warehouse, "bronze_db", "ingest") as bronze, bronze.cursor().copy(copy_text) as copy:
        copy.write_row((*held, headers))
    bronze_to_silver(warehouse, "one")
    query = "SELECT transaction_id, log_id, kafka_partition, kafka_offset FROM silver.fraud_alerts"
    with connect(warehouse, "silver_db", "reader") as silver:
        places = {row[0]: (row[1], row[2], row[3]) for row in silver.execute(query).fetchall()}
    assert sorted(places) == ["t1", "t2"]
    assert held_back(warehouse, places.values()) == {places["t2"]: ("velocity", "blacklist")}
    assert held_back(warehouse, []) == {}
