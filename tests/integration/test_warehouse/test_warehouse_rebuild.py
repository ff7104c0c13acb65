"""The laws of the transforms, on a generated run with faults: however it is loaded, the same rows."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from streamflow.settings import Settings
from streamflow.warehouse import counts, marks
from streamflow.warehouse.speed import measure
from streamflow.warehouse.transforms import bronze_to_silver, forget, silver_to_gold
from tests.integration.test_warehouse.bronze_rows import KEPT_BETWEEN_TESTS, Row, Stream, generated, write
from tests.integration.test_warehouse.snapshots import differences, query, snapshot
from tests.servers import superuser

PURCHASES = 2_000


@pytest.fixture(scope="module")
def history(server: Settings) -> tuple[list[Row], Counter[str]]:
    """Generate rows of bronze in the order of the stream, and what the stream counted."""
    stream = Stream(server)
    rows = [*stream.rules(), *stream.rows(generated(server, PURCHASES))]
    assert stream.counts["late"]
    assert stream.counts["duplicate"]
    assert stream.counts["conflict"]
    assert stream.counts["transactions.raw rejected"]
    return rows, stream.counts


def _load(settings: Settings, run_id: str) -> None:
    bronze_to_silver(settings, run_id)
    silver_to_gold(settings, run_id)


def test_a_load_accounts_for_every_record(warehouse: Settings, history: tuple[list[Row], Counter[str]]) -> None:
    """Distinct purchases, duplicates, conflicts and late ones are as many as the stream counted; all have a score."""
    rows, told = history
    write(warehouse, rows)
    report = bronze_to_silver(warehouse, "one")
    silver_to_gold(warehouse, "one")
    found = counts(warehouse)
    loads = {load.table: load for load in report.tables}
    purchases = loads["silver.clean_transactions"]
    assert purchases.rows_in == found["bronze.raw_transactions"]
    assert purchases.rows_out == told["scored"] + told["late"] == found["silver.clean_transactions"]
    assert purchases.rows_rejected == told["duplicate"] + told["conflict"]
    assert found["gold.fact_transactions"] == found["silver.clean_transactions"]
    sums = "SELECT sum(duplicate_count), count(*) FILTER (WHERE is_late), count(*) FILTER (WHERE fraud_score IS NULL) "
    (row,) = query(warehouse, "silver_db", sums + "FROM silver.clean_transactions")
    assert row == (told["duplicate"], told["late"], 0)
    assert found["silver.fraud_decisions"] > 0
    assert found["gold.agg_daily_fraud"] == 6 * found["gold.dim_date"]


def test_a_second_run_changes_nothing(warehouse: Settings, history: tuple[list[Row], Counter[str]]) -> None:
    """Not even a load time."""
    write(warehouse, history[0])
    _load(warehouse, "one")
    before = query(warehouse, "gold_db", "SELECT * FROM gold.fact_transactions ORDER BY transaction_key")
    assert bronze_to_silver(warehouse, "two").rows_out == 0
    assert silver_to_gold(warehouse, "two").rows_out == 0
    assert query(warehouse, "gold_db", "SELECT * FROM gold.fact_transactions ORDER BY transaction_key") == before


def test_many_small_loads_equal_one_load_from_scratch_row_for_row(
    warehouse: Settings, history: tuple[list[Row], Counter[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut the history at seven places, in passes of few offsets; then forget and load all at once."""
    rows, _ = history
    cuts = sorted(random.Random(3).sample(range(1, len(rows)), 7))  # noqa: S311 - no secret
    with monkeypatch.context() as patch:
        patch.setattr(marks, "PASS_OFFSETS", 301)
        for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(rows)], strict=True)):
            write(warehouse, rows[start:end])
            _load(warehouse, f"part-{number}")
    small = snapshot(warehouse)
    assert all(small.values()), "an empty table proves nothing"
    forget(warehouse)
    assert not counts(warehouse)["gold.fact_transactions"]
    _load(warehouse, "whole")
    assert differences(small, snapshot(warehouse)) == {}


@pytest.mark.parametrize(
    "order",
    [
        ["transactions", "dead", "events", "fraud_decisions", "fraud_alerts", "late", "reference", "fraud_rules"],
        ["events", "fraud_decisions", "late", "fraud_alerts", "fraud_rules", "dead", "transactions", "reference"],
    ],
)
def test_the_order_in_which_topics_reach_bronze_does_not_matter(
    warehouse: Settings, history: tuple[list[Row], Counter[str]], order: list[str]
) -> None:
    """Load after each topic: rules, decisions, labels and members may come before or after their purchases."""
    rows, _ = history
    write(warehouse, rows)
    _load(warehouse, "whole")
    whole = snapshot(warehouse)
    for table in ("silver.clean_transactions", "gold.fact_transactions"):
        assert len(whole[table]) == PURCHASES
    _empty_bronze(warehouse)
    forget(warehouse)
    names = {name: "bronze.dead_letters" if name == "dead" else f"bronze.raw_{name}" for name in order}
    for name in order:
        assert write(warehouse, (row for row in rows if row[0] == names[name]))
        _load(warehouse, name)
    assert differences(whole, snapshot(warehouse)) == {}


def _empty_bronze(settings: Settings) -> None:

    with superuser(settings, "bronze_db") as connection:
        connection.execute(f"TRUNCATE {KEPT_BETWEEN_TESTS['bronze_db']}")


def test_speed_is_measured_beside_a_plain_copy_of_the_same_rows(
    warehouse: Settings, history: tuple[list[Row], Counter[str]]
) -> None:
    """Four figures, each with the rows it read; how fast they are is for the benchmark to say."""
    write(warehouse, history[0])
    found = {speed.name: speed for speed in measure(warehouse, runs=1)}
    assert list(found) == ["bronze_to_silver", "plain copy of bronze", "silver_to_gold", "plain copy of silver"]
    assert found["plain copy of silver"].rows == found["silver_to_gold"].rows == PURCHASES
    assert all(speed.rows_per_second > 0 for speed in found.values())
