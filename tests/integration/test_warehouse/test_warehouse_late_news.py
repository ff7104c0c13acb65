"""What comes later than the purchase it is about: decisions, revisions, labels, members, rule sets, repeats."""

from __future__ import annotations

from typing import Any

import pytest

from streamflow.contracts.names import FRAUD_ALERTS, TRANSACTIONS_LATE
from streamflow.settings import Settings
from streamflow.warehouse.report import IntegrityViolation
from streamflow.warehouse.transforms import bronze_to_silver, silver_to_gold
from tests.integration.test_warehouse.bronze_rows import Row, Stream, write
from tests.integration.test_warehouse.snapshots import query

MORNING = "2026-03-02T09:00:00Z"
NOON = "2026-03-02T12:00:00Z"
NEXT_DAY = "2026-03-03T09:00:00Z"


@pytest.fixture
def stream(warehouse: Settings) -> Stream:
    """Rows by hand: no detector."""
    return Stream(warehouse, detect=False)


def _load(settings: Settings, rows: list[Row]) -> None:
    write(settings, rows)
    bronze_to_silver(settings, "test")
    silver_to_gold(settings, "test")


def _fact(settings: Settings, columns: str, transaction_id: str = "t1") -> Any:
    """Return columns of one fact, with its members' versions."""
    text = (
        f"SELECT {columns} FROM gold.fact_transactions AS f JOIN gold.dim_customer AS c USING (customer_key) "  # noqa: S608
        f"JOIN gold.dim_store AS s USING (store_key) WHERE f.transaction_id = '{transaction_id}'"
    )
    rows = query(settings, "gold_db", text)
    assert len(rows) == 1, f"one fact expected, found {rows}"
    return tuple(str(value) if value is not None else None for value in rows[0])


def _clean(settings: Settings, columns: str, transaction_id: str = "t1") -> Any:
    text = f"SELECT {columns} FROM silver.clean_transactions WHERE transaction_id = '{transaction_id}'"  # noqa: S608
    rows = query(settings, "silver_db", text)
    assert len(rows) == 1
    return tuple(str(value) if value is not None else None for value in rows[0])


def test_without_a_decision_the_score_is_the_base_score_of_the_rule_set_in_force(
    warehouse: Settings, stream: Stream
) -> None:
    """Null before the first rule set; and right as soon as the rule set's record arrives, even after the purchase."""
    _load(warehouse, [*stream.purchase("t1", MORNING), *stream.purchase("t2", NEXT_DAY)])
    assert _clean(warehouse, "fraud_score, is_alert") == (None, None)
    _load(warehouse, list(stream.rules(effective_from="2026-03-03T00:00:00Z")))
    assert _clean(warehouse, "fraud_score, is_alert", "t1") == (None, None)
    score, alert = _clean(warehouse, "fraud_score, is_alert", "t2")
    assert 0 < float(score) < 0.5
    assert alert == "False"
    assert _fact(warehouse, "fraud_score, fraud_flag", "t2") == (score, "False")


def test_a_decision_and_its_revisions_reach_the_fact(warehouse: Settings, stream: Stream) -> None:
    """Revision 0 alerts, revision 1 withdraws; an older revision that is repeated later changes nothing."""
    first: dict[str, Any] = {"score": 0.9, "is_alert": True, "revision": 0, "status": "new"}
    second: dict[str, Any] = {"score": 0.1, "is_alert": False, "revision": 1, "status": "withdrawn"}
    _load(warehouse, [*stream.rules(), *stream.purchase("t1", MORNING)])
    _load(warehouse, stream.decision("t1", MORNING, **first))
    assert _fact(warehouse, "fraud_score, fraud_flag") == ("0.900000", "True")
    alerts = "SELECT alerts FROM gold.agg_daily_fraud WHERE rule = 'any'"
    assert query(warehouse, "gold_db", alerts) == [(1,)]
    _load(warehouse, stream.decision("t1", MORNING, **second))
    assert _fact(warehouse, "fraud_score, fraud_flag") == ("0.100000", "False")
    assert query(warehouse, "gold_db", alerts) == [(0,)]
    _load(warehouse, stream.decision("t1", MORNING, **first))
    assert _fact(warehouse, "fraud_score, fraud_flag") == ("0.100000", "False")


def test_a_withdrawn_alert_stays_as_its_highest_revision(warehouse: Settings, stream: Stream) -> None:
    """An alert that was sent is never forgotten."""
    _load(warehouse, stream.decision("t1", MORNING, FRAUD_ALERTS, revision=0, status="new"))
    _load(warehouse, stream.decision("t1", MORNING, FRAUD_ALERTS, revision=1, status="withdrawn", is_alert=False))
    rows = query(warehouse, "silver_db", "SELECT revision, status FROM silver.fraud_alerts")
    assert rows == [(1, "withdrawn")]


@pytest.mark.parametrize("together", [True, False])
def test_a_revision_that_comes_twice_with_different_content_stops_the_load(
    warehouse: Settings, stream: Stream, together: bool
) -> None:
    """One sentence, an audit row, nothing loaded; in one batch or across two."""
    first, second = (stream.decision("t1", MORNING, score=score) for score in (0.9, 0.8))
    if together:
        write(warehouse, [*first, *second, *stream.purchase("t1", MORNING)])
    else:
        _load(warehouse, first)
        write(warehouse, [*second, *stream.purchase("t1", MORNING)])
    sentence = "revision 0 of rule set 1.0.0 on purchase t1 of customer c1 came twice with different content"
    with pytest.raises(IntegrityViolation, match=sentence):
        bronze_to_silver(warehouse, "bad")
    assert query(warehouse, "silver_db", "SELECT * FROM silver.clean_transactions") == []
    audit = "SELECT status, detail FROM ops.load_audit WHERE run_id = 'bad'"
    ((status, detail),) = query(warehouse, "silver_db", audit)
    assert status == "failed"
    assert sentence in detail


def test_a_repeat_counts_as_duplicate_or_conflict_in_whatever_load_it_comes(
    warehouse: Settings, stream: Stream
) -> None:
    """The lowest offset keeps its content; 10.0 and 10 are the same number, as they are to the detector."""
    _load(warehouse, stream.purchase("t1", MORNING, latitude=10.0))
    _load(warehouse, [*stream.purchase("t1", MORNING, latitude=10), *stream.purchase("t1", MORNING, amount_minor=7)])
    columns = "amount, duplicate_count, has_conflict, is_valid, quality_checks ->> 'one_content'"
    assert _clean(warehouse, columns) == ("10.00", "1", "True", "False", "false")
    _load(warehouse, stream.purchase("t1", MORNING, latitude=10.0))
    assert _clean(warehouse, columns) == ("10.00", "2", "True", "False", "false")


def test_a_late_purchase_is_flagged_and_judged_whichever_comes_first(warehouse: Settings, stream: Stream) -> None:
    """The late record may reach bronze before or after its purchase; a duplicate's late record flags nothing."""
    before, after, twin = (stream.purchase(name, MORNING) for name in ("t1", "t2", "t2"))
    _load(warehouse, [*stream.rules(), *before])
    assert _clean(warehouse, "is_late", "t1") == ("False",)
    _load(warehouse, [*_late(stream, before), *_late(stream, after)])
    _load(warehouse, [*after, *twin])
    base = ("True", "0.010000", "False")
    assert _clean(warehouse, "is_late, fraud_score, is_alert", "t1") == base
    assert _clean(warehouse, "is_late, fraud_score, is_alert", "t2") == base
    assert _fact(warehouse, "is_late, fraud_flag") == ("True", "False")
    third, repeat = stream.purchase("t3", MORNING), stream.purchase("t3", MORNING)
    _load(warehouse, [*third, *repeat, *_late(stream, repeat)])
    assert _clean(warehouse, "is_late, duplicate_count", "t3") == ("False", "1")


def _late(stream: Stream, purchase: list[Row]) -> list[Row]:
    ((_, values),) = purchase
    record = {
        "schema_version": "1.0.0",
        "transaction_id": values[7].obj["transaction_id"],
        "customer_id": "c1",
        "event_timestamp": MORNING,
        "watermark": NOON,
        "source_log_id": values[0],
        "source_partition": values[2],
        "source_offset": values[3],
        "purchase": values[7].obj,
    }
    return stream.record(TRANSACTIONS_LATE, "c1", record, MORNING)


@pytest.mark.parametrize("label_first", [True, False])
def test_a_label_finds_its_purchase_whichever_comes_first(
    warehouse: Settings, stream: Stream, label_first: bool
) -> None:
    """A chargeback for fraud labels the fact and its day; a dispute says that it was none."""
    parts = [stream.purchase("t1", MORNING), stream.chargeback("e1", "t1", NEXT_DAY)]
    for part in reversed(parts) if label_first else parts:
        _load(warehouse, part)
    _load(warehouse, [*stream.purchase("t2", MORNING), *stream.chargeback("e2", "t2", NEXT_DAY, "dispute")])
    assert _fact(warehouse, "label_fraud", "t1") == ("True",)
    assert _fact(warehouse, "label_fraud", "t2") == ("False",)
    daily = "SELECT labelled_fraud, transactions FROM gold.agg_daily_fraud WHERE rule = 'any'"
    assert query(warehouse, "gold_db", daily) == [(1, 2)]


def test_an_unknown_member_is_inferred_and_completed_in_place(warehouse: Settings, stream: Stream) -> None:
    """The fact keeps its key, and an absent field is key 0."""
    _load(warehouse, stream.purchase("t1", MORNING))
    columns = "c.customer_key, c.is_inferred, c.country, f.store_key, f.product_key"
    key, *rest = _fact(warehouse, columns)
    assert rest == ["True", None, "0", "0"]
    _load(warehouse, stream.member("customer", "c1", "2026-01-01T00:00:00Z", country="FR"))
    assert _fact(warehouse, columns) == (key, "False", "FR", "0", "0")
    assert query(warehouse, "gold_db", "SELECT count(*) FROM gold.dim_customer WHERE customer_id = 'c1'") == [(1,)]


def test_a_version_that_comes_late_moves_the_facts_of_its_time(warehouse: Settings, stream: Stream) -> None:
    """Histories close at the next version, and purchases, events and aggregates follow."""
    #   09:00 t1        12:00 moved to Bonn      next day 09:00 t2
    _load(
        warehouse,
        [
            *stream.member("store", "s1", "2026-01-01T00:00:00Z", city="Ulm"),
            *stream.member("customer", "c1", "2026-01-01T00:00:00Z", country="DE"),
            *stream.purchase("t1", MORNING, store_id="s1"),
            *stream.purchase("t2", NEXT_DAY, store_id="s1"),
            *stream.chargeback("e1", "t1", NEXT_DAY),
        ],
    )
    assert _fact(warehouse, "s.city, c.country", "t2") == ("Ulm", "DE")
    _load(
        warehouse,
        [*stream.member("store", "s1", NOON, city="Bonn"), *stream.member("customer", "c1", NOON, country="FR")],
    )
    assert _fact(warehouse, "s.city, c.country", "t1") == ("Ulm", "DE")
    assert _fact(warehouse, "s.city, c.country", "t2") == ("Bonn", "FR")
    assert query(warehouse, "silver_db", "SELECT country FROM silver.enriched_events") == [("FR",)]
    hourly = (
        "SELECT s.city, a.transactions FROM gold.agg_hourly_sales AS a JOIN gold.dim_store AS s USING (store_key) "
        "ORDER BY a.hour_start"
    )
    assert query(warehouse, "gold_db", hourly) == [("Ulm", 1), ("Bonn", 1)]
    # Later still, a version in between the two.
    _load(warehouse, stream.member("store", "s1", "2026-03-02T08:00:00Z", city="Kiel"))
    assert _fact(warehouse, "s.city", "t1") == ("Kiel",)
    history = "SELECT city, valid_to IS NULL, is_current FROM silver.stores ORDER BY valid_from"
    assert query(warehouse, "silver_db", history) == [
        ("Ulm", False, False),
        ("Kiel", False, False),
        ("Bonn", True, True),
    ]


def test_a_purchase_before_the_first_version_takes_the_first_version(warehouse: Settings, stream: Stream) -> None:
    """The best that anybody knows; until an earlier version is told."""
    _load(
        warehouse,
        [*stream.member("store", "s1", NOON, city="Bonn"), *stream.purchase("t1", MORNING, store_id="s1")],
    )
    assert _fact(warehouse, "s.city") == ("Bonn",)
    _load(warehouse, stream.member("store", "s1", "2026-01-01T00:00:00Z", city="Ulm"))
    assert _fact(warehouse, "s.city") == ("Ulm",)


def test_a_correction_of_a_version_replaces_its_attributes(warehouse: Settings, stream: Stream) -> None:
    """The later record of the same member and time counts."""
    _load(warehouse, stream.member("store", "s1", NOON, city="Bonn"))
    _load(warehouse, stream.member("store", "s1", NOON, city="Mainz"))
    assert query(warehouse, "silver_db", "SELECT city FROM silver.stores") == [("Mainz",)]
    assert query(warehouse, "gold_db", "SELECT city FROM gold.dim_store WHERE store_key <> 0") == [("Mainz",)]


def test_a_recreated_topic_adds_to_history_and_replaces_nothing(warehouse: Settings, stream: Stream) -> None:
    """Another log has offsets of its own; its repeat of a purchase is a repeat."""
    _load(warehouse, stream.purchase("t1", MORNING))
    again = Stream(warehouse, log="new", detect=False)
    _load(warehouse, [*again.purchase("t1", MORNING), *again.purchase("t2", NEXT_DAY)])
    assert _clean(warehouse, "log_id, duplicate_count", "t1") == ("log-transactions.raw", "1")
    assert _clean(warehouse, "log_id, duplicate_count", "t2") == ("new-transactions.raw", "0")
