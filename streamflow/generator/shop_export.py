"""A simulated run as the export of an ordinary shop: one CSV of orders with what became of each.

It is what a user would bring along: a time with its offset, an amount with two decimals, an empty cell where a shop
knows nothing. The purchases are those of full traffic; labels are as they stand when every chargeback has come in, so
a fraud that nobody reported stands there as paid.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec

from streamflow.contracts.names import EVENTS_RAW, TRANSACTIONS_RAW
from streamflow.generator.simulation import Simulation
from streamflow.generator.world import Plan, World

COLUMNS = (
    "order_id", "ordered_at", "customer", "total", "currency", "channel", "seller", "card", "device", "category", "sku",
    "pieces", "lat", "lon", "status", "chargeback_at",
)  # fmt: skip
FIRST_ORDER = 100_001


def shop_export(plan: Plan) -> bytes:
    """Run a plan and return its orders as CSV, by time.

    Args:
        plan: The run; its faults should be zero, because a shop's own export has none.

    Returns:
        A header and one line an order: times in local time with their offset to the second, `status` one of paid,
        disputed and fraud, `chargeback_at` in UTC where there was one.
    """
    world = World(plan)
    class_of: dict[str, str] = {
        product: world.classes[number // plan.parameters.reference.products_per_class]
        for number, product in enumerate(world.product_ids)
    }
    orders, chargebacks = _collect(Simulation(plan))
    end = datetime.fromtimestamp(plan.traffic_end_us / 1e6, UTC)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    timed = sorted((datetime.fromisoformat(one["event_timestamp"]), number) for number, one in enumerate(orders))
    for place, (when, number) in enumerate((when, number) for when, number in timed if when < end):
        order = orders[number]
        charged = chargebacks.get(order["transaction_id"])
        kind = class_of[order["product_id"]]
        writer.writerow([f"o-{FIRST_ORDER + place}", *_cells(order, when, kind, charged, tag=f"-{plan.tag}-")])
    return out.getvalue().encode()


def _collect(simulation: Simulation) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Return the purchases of a run, each once, and its chargebacks by purchase."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    orders: dict[str, dict[str, Any]] = {}
    chargebacks: dict[str, dict[str, Any]] = {}
    for topic, value in _values(simulation):
        record = decode(value)
        if topic == TRANSACTIONS_RAW:
            orders.setdefault(record["transaction_id"], record)
        elif record["event_type"] == "chargeback":
            chargebacks[record["transaction_id"]] = record
    return list(orders.values()), chargebacks


def _values(simulation: Simulation) -> Iterator[tuple[str, bytes]]:
    for emission in simulation.emissions():
        if emission.topic in (TRANSACTIONS_RAW, EVENTS_RAW) and emission.value is not None:
            yield emission.topic, emission.value


def _cells(order: dict[str, Any], when: datetime, kind: str, charged: dict[str, Any] | None, *, tag: str) -> list[str]:
    """Return the cells of an order after its number; a run's tag is taken out of its ids."""
    offset = timezone(timedelta(minutes=order.get("utc_offset_min", 0)))
    status = "paid" if charged is None else "fraud" if charged["chargeback_reason"] == "fraud" else "disputed"
    at = "" if charged is None else datetime.fromisoformat(charged["event_timestamp"]).isoformat(timespec="seconds")
    ids = [str(order.get(name, "")).replace(tag, "-") for name in ("merchant_id", "card_id", "device_id")]
    place = [f"{order[name]:.4f}" if name in order else "" for name in ("latitude", "longitude")]
    return [
        when.astimezone(offset).isoformat(timespec="seconds"),
        str(order["customer_id"]).replace(tag, "-"),
        f"{order['amount_minor'] // 100}.{order['amount_minor'] % 100:02d}",
        order["currency"],
        order.get("channel", ""),
        *ids,
        kind,
        str(order["product_id"]).replace(tag, "-"),
        str(order.get("quantity", 1)),
        *place,
        status,
        at,
    ]
