"""A table drawn straight from a world holds the purchases of the run, no other and no fewer."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from streamflow.calibration.world.simulated import simulated_table
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.contracts.timestamps import parse_us
from streamflow.datasets.table import Codes
from tests.unit.generator.worlds import run, shipped

COLUMNS = ("customer_id", "merchant_id", "card_id", "device_id")


def sent() -> list[dict[str, Any]]:
    """Return the purchases of the run as they were first sent, with their truth."""
    truth = {line["transaction_id"]: line["is_fraud"] for line in run().truth}
    found: dict[str, dict[str, Any]] = {}
    for one in run().emissions:
        if one.topic == TRANSACTIONS_RAW and one.value and one.value[:1] == b"{":
            try:
                record = json.loads(one.value)
            except ValueError:
                continue
            name = record.get("transaction_id")
            if isinstance(name, str) and name in truth and name not in found:
                found[name] = record | {"is_fraud": truth[name]}
    return list(found.values())


def names(column: Codes | None) -> list[str | None]:
    """Return a column as text."""
    assert column is not None
    return [column.names[code] if code >= 0 else None for code in column.codes.tolist()]


def test_a_table_holds_the_purchases_that_the_run_sends() -> None:
    """Time, customer, merchant, card, device, amount and truth agree, row by row."""
    table = simulated_table(shipped(), 20_000, 5, 7)
    expected = sorted(
        (
            parse_us(one["event_timestamp"]),
            *(one.get(name) or "" for name in COLUMNS),
            one["amount_minor"],
            one["is_fraud"],
        )
        for one in sent()
    )
    columns = [names(column) for column in (table.customer, table.merchant, table.card, table.device)]
    rows = zip(table.event_us.tolist(), *columns, table.amount_minor.tolist(), table.fraud.tolist(), strict=True)
    assert len(expected) == 20_000
    assert sorted((row[0], *(text or "" for text in row[1:5]), *row[5:]) for row in rows) == expected


def test_a_table_is_the_same_again_and_names_the_run_it_came_from() -> None:
    """Its source is a generator, so that nothing measured can rest on it."""
    one, same, other = (simulated_table(shipped(), 5000, 3, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.amount_minor, same.amount_minor)
    assert one.source == same.source
    assert one.source.sha256 != other.source.sha256
    assert (one.source.kind, one.source.rows, one.status) == ("generator", 5000, "simulated")
    assert (np.diff(one.event_us) >= 0).all()
    assert 0.1 < one.missing["latitude"] < 0.2
