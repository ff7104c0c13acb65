"""A run as the export of a shop: what a user would bring along, with labels as they became known."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

from streamflow.calibration.samples import purchases_plan
from streamflow.generator.shop_export import COLUMNS, shop_export
from streamflow.generator.world import Plan


def _plan(seed: int = 3) -> Plan:
    base = purchases_plan()
    return Plan(base.parameters, 1500, 6, seed)


def _rows(exported: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exported.decode())))


def test_the_same_plan_gives_the_same_bytes_and_another_seed_others() -> None:
    """A sample can be held against its generator."""
    assert shop_export(_plan()) == shop_export(_plan())
    assert shop_export(_plan()) != shop_export(_plan(4))


def test_orders_are_numbered_by_time_within_full_traffic() -> None:
    """The tail of a run, in which labels come in, is not exported."""
    plan, rows = _plan(), _rows(shop_export(_plan()))
    assert 1300 < len(rows) <= 1500
    assert tuple(rows[0]) == COLUMNS
    times = [datetime.fromisoformat(row["ordered_at"]) for row in rows]
    assert times == sorted(times)
    assert times[-1].timestamp() * 1e6 < plan.traffic_end_us
    assert [row["order_id"] for row in rows[:2]] == ["o-100001", "o-100002"]
    assert len({time.utcoffset() for time in times}) > 1


def test_a_label_has_the_time_of_its_chargeback_and_comes_after_the_order() -> None:
    """Paid orders have none; some frauds are disputed or never reported."""
    rows = _rows(shop_export(_plan()))
    states = {row["status"] for row in rows}
    assert {"paid", "fraud"} <= states <= {"paid", "fraud", "disputed"}
    frauds = [row for row in rows if row["status"] == "fraud"]
    assert len(frauds) > 20
    for row in frauds:
        delay = datetime.fromisoformat(row["chargeback_at"]) - datetime.fromisoformat(row["ordered_at"])
        assert timedelta(0) < delay <= timedelta(days=14)
    assert all(row["chargeback_at"] == "" for row in rows if row["status"] == "paid")


def test_amounts_have_two_decimals_and_ids_nothing_of_the_run() -> None:
    """A reader sees a shop, not a simulation."""
    plan, rows = _plan(), _rows(shop_export(_plan()))
    assert all(row["total"].split(".")[1].isdigit() and len(row["total"].split(".")[1]) == 2 for row in rows)
    assert plan.tag not in shop_export(plan).decode()
    assert {row["category"] for row in rows} >= {"grocery", "fashion", "home"}
    assert 0 < sum(row["lat"] == "" for row in rows) / len(rows) < 0.3
