"""A backtest of the platform's own purchases: bronze in offset order, labels from silver, rules as published."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from streamflow.backtest.log_source import LogSource, published
from streamflow.backtest.run import Request, Trial, run_backtest
from streamflow.contracts.rule_sets import load_horizons
from streamflow.contracts.timestamps import EPOCH
from streamflow.errors import InputError
from streamflow.settings import Settings
from streamflow.warehouse.transforms import bronze_to_silver
from tests.integration.test_warehouse.bronze_rows import Stream, generated, write
from tests.servers import superuser

DAY_US = 86_400_000_000


RECORDS = """
SELECT kafka_partition, kafka_offset, raw_bytes, raw_payload ->> 'customer_id', raw_payload ->> 'transaction_id',
    event_timestamp, (raw_payload ->> 'amount_minor')::bigint
FROM bronze.raw_transactions ORDER BY 1, 2
"""
ALERTS = """
SELECT customer_id, transaction_id FROM (
    SELECT DISTINCT ON (1, 2)
        raw_payload ->> 'customer_id' AS customer_id, raw_payload ->> 'transaction_id' AS transaction_id,
        raw_payload ->> 'status' AS status
    FROM bronze.raw_fraud_alerts
    ORDER BY 1, 2, (raw_payload ->> 'revision')::int DESC
) AS newest WHERE status <> 'withdrawn'
"""


def backtest_of(settings: Settings, folder: Path, jobs: int = 1, delay_days: float | None = None) -> Trial:
    """Run a backtest of what is live, with what is listed."""
    found = published(settings)
    live = found.book.live_at(found.newest_us)
    assert live is not None
    request = Request(
        load_horizons(settings.contracts_dir), live.rule_set, entries=tuple(found.book.entries.values()), jobs=jobs
    )
    return run_backtest(LogSource(settings, found, delay_days), request, folder)


def test_the_backtest_of_bronze_raises_the_alerts_that_the_stream_raised(warehouse: Settings, tmp_path: Path) -> None:
    """Same customers, moments and amounts; offsets and the hash of the bytes say what was read."""
    stream = Stream(warehouse)
    write(warehouse, [*stream.rules(), *stream.rows(generated(warehouse, 1500))])
    bronze_to_silver(warehouse, "test")
    with superuser(warehouse, "bronze_db") as bronze:
        records = bronze.execute(RECORDS).fetchall()
        sent = bronze.execute(ALERTS).fetchall()
    backtest = backtest_of(warehouse, tmp_path).backtest
    purchases = backtest.purchases

    first: dict[tuple[str, str], tuple[datetime, int]] = {}
    for _, _, _, customer, transaction, moment, amount in records:
        first.setdefault((customer, transaction), (moment, amount))
    standing = Counter((customer, *first[customer, transaction]) for customer, transaction in sent)
    alerts = Counter(
        (
            purchases.customers[int(purchases.customer[place])],
            EPOCH + timedelta(microseconds=int(purchases.event_us[place])),
            int(purchases.amount_minor[place]),
        )
        for place in np.flatnonzero(backtest.scored.alert)
    )
    assert standing.total() > 5
    assert alerts == standing
    kinds = {name: stream.counts[name] for name in ("late", "duplicate", "conflict") if stream.counts[name]}
    assert purchases.set_aside == kinds
    assert len(purchases) == stream.counts["scored"]

    assert purchases.origin.kind == "log"
    assert purchases.origin.rows == len(records)
    assert purchases.origin.sha256 == hashlib.sha256(b"".join(bytes(row[2]) for row in records)).hexdigest()
    ends = {partition: max(row[1] for row in records if row[0] == partition) + 1 for partition in (0, 1)}
    offsets = {partition: min(row[1] for row in records if row[0] == partition) for partition in (0, 1)}
    assert purchases.origin.offsets == {partition: (offsets[partition], ends[partition]) for partition in (0, 1)}

    two = backtest_of(warehouse, tmp_path, jobs=2).backtest
    assert np.array_equal(two.scored.log_odds_ulo, backtest.scored.log_odds_ulo)


def test_labels_count_from_the_moment_at_which_they_were_said(warehouse: Settings, tmp_path: Path) -> None:
    """A chargeback from its own time on, a verdict as well, silence after the delay."""
    stream = Stream(warehouse)
    rows = list(stream.rules())
    for day in range(1, 9):
        rows += stream.purchase(f"t{day}", f"2026-03-{day:02d}T12:00:00Z")
    rows += stream.chargeback("e1", "t1", "2026-03-04T12:00:00Z")
    rows += stream.verdict("e2", "t2", "2026-03-03T00:00:00Z", "legitimate")
    write(warehouse, rows)
    bronze_to_silver(warehouse, "test")
    purchases = backtest_of(warehouse, tmp_path).backtest.purchases
    waited = ((purchases.known_us - purchases.event_us) / DAY_US).tolist()
    assert purchases.fraud.tolist() == [True] + [False] * 7
    assert waited == [3.0, 0.5, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0]
    assert "known after 3 days" in purchases.origin.detail
    asked = backtest_of(warehouse, tmp_path, delay_days=5).backtest.purchases
    assert asked.mature.tolist() == [True, True, True] + [False] * 5


def test_a_warehouse_without_purchases_is_one_sentence(warehouse: Settings) -> None:
    """It says what to do."""
    with pytest.raises(InputError, match="holds no purchase"):
        published(warehouse)
