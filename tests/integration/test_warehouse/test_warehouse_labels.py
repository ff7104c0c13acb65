"""Labels come home: chargebacks, disputes and verdicts settle in silver, and tell in gold how good alerts were."""

from __future__ import annotations

import shutil
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from streamflow.contracts.label_delays import LABEL_DELAYS_DAYS
from streamflow.settings import Settings
from streamflow.warehouse.connections import connect
from streamflow.warehouse.migrations import migrate
from streamflow.warehouse.transforms import bronze_to_silver, silver_to_gold
from tests.integration.test_warehouse.bronze_rows import Row, Stream, write
from tests.integration.test_warehouse.snapshots import query

DAY_1, DAY_2, DAY_4, DAY_9 = (f"2026-03-{day:02d}T09:00:00Z" for day in (2, 3, 5, 10))
LABEL = "label, source, first_label, first_source, jsonb_array_length(statements), analyst"


@pytest.fixture
def stream(warehouse: Settings) -> Stream:
    """Rows by hand: no detector."""
    return Stream(warehouse, detect=False)


def _load(settings: Settings, rows: list[Row]) -> None:
    write(settings, rows)
    bronze_to_silver(settings, "test")
    silver_to_gold(settings, "test")


def _label(settings: Settings) -> tuple[Any, ...]:
    (row,) = query(settings, "silver_db", f"SELECT {LABEL} FROM silver.labels")  # noqa: S608 - no user's text
    return row


def _known(settings: Settings, columns: str = "frauds_known", rule: str = "any") -> list[Any]:
    """Return a column of the quality of a rule, one entry a delay."""
    text = f"SELECT {columns} FROM gold.agg_rule_quality WHERE rule = '{rule}' ORDER BY delay_days"  # noqa: S608
    rows = query(settings, "gold_db", text)
    assert len(rows) == len(LABEL_DELAYS_DAYS)
    return [row[0] if len(row) == 1 else row for row in rows]


def test_a_verdict_reaches_silver_and_the_star_as_an_event_like_any_other(warehouse: Settings, stream: Stream) -> None:
    """Who said what of which purchase; nothing of it is written beside the log."""
    _load(warehouse, [*stream.purchase("t1", DAY_1), *stream.verdict("v1", "t1", DAY_2, "legitimate")])
    event = "SELECT event_type, transaction_id, verdict, analyst, note FROM silver.enriched_events"
    assert query(warehouse, "silver_db", event) == [("verdict", "t1", "legitimate", "ada", None)]
    assert _label(warehouse) == ("legitimate", "verdict", "legitimate", "verdict", 1, "ada")
    assert query(warehouse, "gold_db", "SELECT label_fraud FROM gold.fact_transactions") == [(False,)]
    assert query(warehouse, "gold_db", "SELECT labelled_fraud FROM gold.agg_daily_fraud WHERE rule = 'any'") == [(0,)]


def _cases(stream: Stream) -> dict[str, list[Row]]:
    return {
        "dispute": stream.chargeback("e0", "t1", DAY_1, "dispute"),
        "chargeback": stream.chargeback("e1", "t1", DAY_2),
        "verdict": stream.verdict("v1", "t1", DAY_4, "legitimate"),
    }


@pytest.mark.parametrize("order", list(permutations(["dispute", "chargeback", "verdict"])))
def test_the_newest_statement_stands_in_whatever_order_they_arrive(
    warehouse: Settings, stream: Stream, order: tuple[str, ...]
) -> None:
    """An analyst who has seen the chargeback may overrule it; the time of the statement decides, not its arrival."""
    said = _cases(stream)
    _load(warehouse, stream.purchase("t1", DAY_1))
    for name in order:
        _load(warehouse, said[name])
    assert _label(warehouse) == ("legitimate", "verdict", "legitimate", "dispute", 3, "ada")
    assert query(warehouse, "gold_db", "SELECT label_fraud FROM gold.fact_transactions") == [(False,)]


def test_a_chargeback_overrules_a_verdict_that_is_older(warehouse: Settings, stream: Stream) -> None:
    """The bank knows something that the analyst did not."""
    _load(warehouse, stream.verdict("v1", "t1", DAY_1, "legitimate"))
    _load(warehouse, stream.chargeback("e1", "t1", DAY_2))
    assert _label(warehouse) == ("fraud", "chargeback", "legitimate", "verdict", 2, None)


def test_a_dispute_never_overrules_anything(warehouse: Settings, stream: Stream) -> None:
    """A quarrel about goods says less than a verdict or a chargeback for fraud, however new it is."""
    _load(warehouse, [*stream.chargeback("e1", "t1", DAY_1), *stream.chargeback("e2", "t1", DAY_2, "dispute")])
    assert _label(warehouse) == ("fraud", "chargeback", "fraud", "chargeback", 1, None)


def test_of_two_verdicts_at_one_moment_the_later_in_the_log_stands(warehouse: Settings, stream: Stream) -> None:
    """The clock of a simulation that has ended stands still, and an analyst may still change their mind."""
    _load(warehouse, [*stream.verdict("v1", "t1", DAY_1, "fraud"), *stream.verdict("v2", "t1", DAY_1, "legitimate")])
    assert _label(warehouse)[0] == "legitimate"
    _load(warehouse, stream.verdict("v3", "t1", DAY_1, "fraud", analyst="bob"))
    assert _label(warehouse) == ("fraud", "verdict", "fraud", "verdict", 3, "bob")


def test_a_verdict_that_is_sent_twice_changes_nothing(warehouse: Settings, stream: Stream) -> None:
    """Its event has the same id, so the first one stays, and the second load writes no label."""
    _load(warehouse, [*stream.purchase("t1", DAY_1), *stream.verdict("v1", "t1", DAY_2, "fraud")])
    times = "SELECT labelled_at FROM silver.labels"
    before = query(warehouse, "silver_db", times)
    _load(warehouse, stream.verdict("v1", "t1", DAY_4, "fraud"))
    assert query(warehouse, "silver_db", times) == before != []


def test_quality_counts_a_label_only_once_it_was_known(warehouse: Settings, stream: Stream) -> None:
    """Delays of 1, 3, 7, 14 and 30 days.

    purchase and alert   verdict legitimate   chargeback
    02 March 09:00       03 March 09:00       10 March 09:00
    """
    _load(warehouse, [*stream.rules(), *stream.purchase("t1", DAY_1), *stream.decision("t1", DAY_1)])
    assert _known(warehouse, "purchases, alerts, alerts_labelled, frauds_known") == [(1, 1, 0, 0)] * 5
    _load(warehouse, stream.verdict("v1", "t1", DAY_2, "legitimate"))
    assert _known(warehouse, "alerts_labelled, frauds_caught") == [(1, 0)] * 5
    _load(warehouse, stream.chargeback("e1", "t1", DAY_9))
    assert _known(warehouse) == [0, 0, 0, 1, 1]
    assert _known(warehouse, "frauds_caught::text, amount_caught::text, amount_known::text")[2:4] == [
        ("0", "0.00", "0.00"),
        ("1", "10.00", "10.00"),
    ]


def test_an_earlier_statement_that_arrives_late_changes_what_was_known_then(
    warehouse: Settings, stream: Stream
) -> None:
    """The label that stands stays, yet the days between count otherwise."""
    _load(warehouse, [*stream.rules(), *stream.purchase("t1", DAY_1), *stream.chargeback("e1", "t1", DAY_9)])
    assert _known(warehouse) == [0, 0, 0, 1, 1]
    _load(warehouse, stream.verdict("v1", "t1", DAY_4, "fraud"))
    assert _label(warehouse)[:2] == ("fraud", "chargeback")
    assert _known(warehouse) == [0, 1, 1, 1, 1]


def test_a_missed_fraud_counts_as_known_for_every_rule_and_as_caught_for_none(
    warehouse: Settings, stream: Stream
) -> None:
    """Recall needs what nobody alerted on."""
    _load(warehouse, [*stream.rules(), *stream.purchase("t1", DAY_1), *stream.chargeback("e1", "t1", DAY_2)])
    for rule in ("any", "velocity", "blacklist"):
        assert _known(warehouse, "frauds_known, frauds_caught, alerts", rule) == [(1, 0, 0)] * 5


def test_days_are_counted_by_the_rule_set_that_was_live_once_it_is_known(warehouse: Settings, stream: Stream) -> None:
    """Its record may come after the purchase; without any rule set there is nothing to judge."""
    _load(warehouse, [*stream.purchase("t1", DAY_1), *stream.chargeback("e1", "t1", DAY_2)])
    assert query(warehouse, "gold_db", "SELECT count(*) FROM gold.agg_rule_quality") == [(0,)]
    _load(warehouse, list(stream.rules()))
    sets = "SELECT DISTINCT rule_set, frauds_known FROM gold.agg_rule_quality"
    assert query(warehouse, "gold_db", sets) == [("1.0.0", 1)]


def test_chargebacks_of_an_older_warehouse_become_labels_when_it_is_migrated(empty: Settings, tmp_path: Path) -> None:
    """What was loaded before there were labels is not lost, and gold reads it anew."""
    older = empty.model_copy(update={"root": tmp_path})
    (tmp_path / "contracts").symlink_to(empty.contracts_dir)
    shutil.copytree(empty.sql_dir, older.sql_dir)
    for newer in (*older.sql_dir.glob("migrations/silver/000[6-9]*"), *older.sql_dir.glob("migrations/gold/000[7-9]*")):
        newer.unlink()
    assert migrate(older)
    events = [
        ("1", DAY_2, "t1", "fraud"),
        ("2", DAY_1, "t1", "dispute"),
        ("3", DAY_4, "t1", "dispute"),
        ("4", DAY_4, "t2", "dispute"),
    ]
    with connect(older, "silver_db", "transform") as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO silver.enriched_events (event_id, customer_id, event_type, event_timestamp, transaction_id, "
            "chargeback_reason, log_id, kafka_partition, kafka_offset, enriched_at) "
            "VALUES (%(id)s, 'c1', 'chargeback', %(at)s, %(of)s, %(reason)s, 'log', 0, 1, now())",
            [dict(zip(("id", "at", "of", "reason"), one, strict=True)) for one in events],
        )
    with connect(older, "gold_db", "transform") as connection:
        connection.execute("INSERT INTO ops.marks VALUES ('silver_to_gold', 'silver', 'load_clock', 0, 9999, 'old')")
    assert migrate(empty)
    rows = query(empty, "silver_db", f"SELECT transaction_id, {LABEL} FROM silver.labels ORDER BY transaction_id")  # noqa: S608
    assert rows == [
        ("t1", "fraud", "chargeback", "legitimate", "dispute", 2, None),
        ("t2", "legitimate", "dispute", "legitimate", "dispute", 1, None),
    ]
    assert silver_to_gold(empty, "test").rows_out == 0
    assert query(empty, "gold_db", "SELECT transaction_id, fraud FROM ops.labels ORDER BY transaction_id") == [
        ("t1", True),
        ("t2", False),
    ]
