"""Each check of `verify` holds on an honest world, and fails when that one thing is tampered with."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from streamflow.quality.verify import verify
from streamflow.settings import Settings
from tests.integration.test_quality.tampering import Tamper

CHECKS = 45


class Case(NamedTuple):
    """One row changed, and every check that must see it.

    Attributes:
        database: Where the table is.
        table: Schema and table.
        statement: What is done to it.
        failing: Exactly the checks that fail.
    """

    database: str
    table: str
    statement: str
    failing: frozenset[str]


ONE_ROW = "(tableoid, ctid) = (SELECT tableoid, ctid FROM {table} WHERE {only} ORDER BY 1, 2 LIMIT 1)"


def case(place: str, statement: str, *failing: str, only: str = "true", member: str = "") -> Case:
    """Return a case.

    Args:
        place: Database, schema and table, with dots.
        statement: May hold {table}; {row}, a condition that picks one row; and {member}.
        *failing: The checks that fail.
        only: Which rows {row} may pick.
        member: The kind of member of a dimension.
    """
    database, _, table = place.partition(".")
    for name, text in (("row", ONE_ROW), ("only", only), ("table", table), ("member", member)):
        statement = statement.replace("{" + name + "}", text)
    return Case(f"{database}_db", table, statement, frozenset(failing))


CONTENT = "UPDATE {table} SET raw_payload = jsonb_set(raw_payload, '{lines,0,sentence}', '\"forged\"') WHERE {row}"
TWICE = """
    INSERT INTO {table} (log_id, kafka_topic, kafka_partition, kafka_offset, kafka_timestamp, event_timestamp,
                         raw_payload, raw_bytes, processing_status)
    SELECT 'another-log', kafka_topic, 0, 0, kafka_timestamp, event_timestamp,
           jsonb_set(raw_payload, '{log_odds_ulo}', '1'), raw_bytes, processing_status
    FROM {table} WHERE {row}
"""
TOO_LATE = """
    UPDATE {table} SET raw_payload = raw_payload || '{"effective_from": "2026-01-06T00:00:00Z"}'
"""
UNNEEDED = """
    INSERT INTO {table} ({member}_key, {member}_id, valid_from, is_current, is_inferred)
    OVERRIDING SYSTEM VALUE VALUES (999999, 'nobody', 'epoch', true, true)
"""
# A second version of the member is in force at one of its purchases, which points to the first.
ANOTHER_VERSION = """
    INSERT INTO {table} ({member}_key, {member}_id, valid_from, is_current, is_inferred)
    OVERRIDING SYSTEM VALUE
    SELECT 999999, d.{member}_id, f.event_timestamp, false, true
    FROM gold.fact_transactions AS f JOIN {table} AS d USING ({member}_key)
    WHERE {member}_key <> 0 AND d.is_current
    ORDER BY f.event_timestamp LIMIT 1
"""
NO_DAY = "DELETE FROM {table} WHERE date_key = (SELECT min(date_key) FROM gold.fact_transactions)"

CASES = {
    "an event that vanished": case(
        "bronze.bronze.raw_events",
        "DELETE FROM {table} WHERE {row}",
        "conservation",
        "enriched_events_equals_bronze",
        only="raw_payload ->> 'event_type' = 'login'",
    ),
    "a dead letter that vanished": case(
        "bronze.bronze.dead_letters", "DELETE FROM {table} WHERE {row}", "conservation"
    ),
    "a dead letter with another reason": case(
        "bronze.bronze.dead_letters",
        "UPDATE {table} SET reason = 'too_deep' WHERE {row}",
        "dead_letters_are_invalid",
        only="reason <> 'too_deep'",
    ),
    "a purchase whose bytes were spoiled": case(
        "bronze.bronze.raw_transactions",
        "UPDATE {table} SET raw_bytes = 'no json' WHERE {row}",
        "bronze_is_valid",
        "decisions_equal_replay",
        "alerts_equal_replay",
        "records_accounted",
        "purchases_accounted",
    ),
    "a rule set that came too late": case(
        "bronze.bronze.raw_fraud_rules",
        TOO_LATE,
        "every_purchase_had_a_rule_set",
        "decisions_equal_replay",
        "alerts_equal_replay",
        "clean_transactions_equals_bronze",
        "late_decisions_equals_bronze",
        "fact_transactions_equals_bronze",
        "agg_daily_fraud_equals_bronze",
        "agg_rule_quality_equals_bronze",
    ),
    "a decision with another sentence": case(
        "bronze.bronze.raw_fraud_decisions", CONTENT, "decisions_equal_replay", "fraud_decisions_equals_bronze"
    ),
    "an alert with another sentence": case(
        "bronze.bronze.raw_fraud_alerts", CONTENT, "alerts_equal_replay", "fraud_alerts_equals_bronze"
    ),
    "a decision sent twice with two contents": case(
        "bronze.bronze.raw_fraud_decisions", TWICE, "decisions_have_one_content"
    ),
    "an alert sent twice with two contents": case("bronze.bronze.raw_fraud_alerts", TWICE, "alerts_have_one_content"),
    "a late record that names another purchase": case(
        "bronze.bronze.raw_late",
        "UPDATE {table} SET raw_payload = jsonb_set(raw_payload, '{source_offset}', '0') WHERE {row}",
        "late_equal_replay",
        "clean_transactions_equals_bronze",
        "fact_transactions_equals_bronze",
    ),
    "a late record that vanished": case(
        "bronze.bronze.raw_late",
        "DELETE FROM {table} WHERE {row}",
        "conservation",
        "late_equal_replay",
        "records_accounted",
        "purchases_accounted",
        "clean_transactions_equals_bronze",
        "fact_transactions_equals_bronze",
    ),
    "a transform that stands still": case(
        "silver.ops.marks", "UPDATE {table} SET next_offset = 0 WHERE {row}", "at_rest"
    ),
    "a cleaned purchase of another amount": case(
        "silver.silver.clean_transactions",
        "UPDATE {table} SET amount = amount + 0.01 WHERE {row}",
        "clean_transactions_equals_bronze",
    ),
    "an event of another session": case(
        "silver.silver.enriched_events",
        "UPDATE {table} SET session_id = 'x' WHERE {row}",
        "enriched_events_equals_bronze",
    ),
    "a label that became known a day earlier": case(
        "silver.silver.labels",
        "UPDATE {table} SET known_at = known_at - interval '1 day' WHERE {row}",
        "labels_equals_bronze",
    ),
    "a decision about a late purchase under another rule": case(
        "silver.silver.late_decisions",
        "UPDATE {table} SET lines = jsonb_set(lines, '{0,weight_ulo}', '1') WHERE {row}",
        "late_decisions_equals_bronze",
    ),
    "a late purchase without a score": case(
        "silver.silver.clean_transactions",
        "UPDATE {table} SET fraud_score = NULL WHERE {row}",
        "late_scored",
        "clean_transactions_equals_bronze",
        only="is_late",
    ),
    "a decision of another revision in silver": case(
        "silver.silver.fraud_decisions",
        "UPDATE {table} SET revision = revision + 1 WHERE {row}",
        "fraud_decisions_equals_bronze",
    ),
    "an alert missing in silver": case(
        "silver.silver.fraud_alerts", "DELETE FROM {table} WHERE {row}", "fraud_alerts_equals_bronze"
    ),
    "a customer in another country": case(
        "silver.silver.customers",
        "UPDATE {table} SET country = 'XX' WHERE {row}",
        "customers_equals_bronze",
        "dim_customer_equals_silver",
    ),
    "a store of another name": case(
        "silver.silver.stores",
        "UPDATE {table} SET name = 'X' WHERE {row}",
        "stores_equals_bronze",
        "dim_store_equals_silver",
    ),
    "a product of another price": case(
        "silver.silver.products",
        "UPDATE {table} SET list_price_minor = list_price_minor + 1 WHERE {row}",
        "products_equals_bronze",
        "dim_product_equals_silver",
    ),
    "a minute with one purchase too many": case(
        "gold.gold.agg_realtime_1m",
        "UPDATE {table} SET transactions = transactions + 1 WHERE {row}",
        "agg_realtime_1m_equals_bronze",
    ),
    "five minutes with a larger maximum": case(
        "gold.gold.agg_realtime_5m",
        "UPDATE {table} SET amount_minor_max = amount_minor_max + 1 WHERE {row}",
        "agg_realtime_5m_equals_bronze",
    ),
    "an hour that is not there": case(
        "gold.gold.agg_realtime_1h", "DELETE FROM {table} WHERE {row}", "agg_realtime_1h_equals_bronze"
    ),
    "a fact with another score": case(
        "gold.gold.fact_transactions",
        "UPDATE {table} SET fraud_score = 0.5 WHERE {row}",
        "fact_transactions_equals_bronze",
    ),
    "an hour of sales with a customer too many": case(
        "gold.gold.agg_hourly_sales",
        "UPDATE {table} SET customers = customers + 1 WHERE {row}",
        "agg_hourly_sales_equals_facts",
    ),
    "a day with one alert too many": case(
        "gold.gold.agg_daily_fraud",
        "UPDATE {table} SET alerts = alerts + 1 WHERE {row}",
        "agg_daily_fraud_equals_bronze",
    ),
    "a fraud that nobody knew of so early": case(
        "gold.gold.agg_rule_quality",
        "UPDATE {table} SET frauds_known = frauds_known + 1 WHERE {row}",
        "agg_rule_quality_equals_bronze",
    ),
    "a fact of a day that the calendar lacks": case(
        "gold.gold.dim_date", NO_DAY, "star_has_no_orphans", "fact_transactions_equals_bronze"
    ),
    "a dimension without its zero row": case(
        "gold.gold.dim_store",
        "DELETE FROM {table} WHERE store_key = 0",
        "star_has_no_orphans",
        "star_has_its_zero_rows",
    ),
}

DIMENSIONS = {"customer": "segment", "store": "name", "product": "name"}
for _member, _attribute in DIMENSIONS.items():
    _place, _named = f"gold.gold.dim_{_member}", f"{_member}_id IS NOT NULL"
    CASES[f"a {_member} of gold that silver does not know so"] = case(
        _place,
        "UPDATE {table} SET attribute = 'X' WHERE {row}".replace("attribute", _attribute),
        f"dim_{_member}_equals_silver",
        only=_named,
    )
    CASES[f"a {_member} whose history has no end"] = case(
        _place,
        "UPDATE {table} SET is_current = NOT is_current WHERE {row}",
        f"dim_{_member}_history_is_whole",
        only=_named,
    )
    CASES[f"an inferred {_member} that nothing needs"] = case(
        _place, UNNEEDED, f"dim_{_member}_guesses_are_needed", member=_member
    )
    CASES[f"a fact that points to another version of its {_member}"] = case(
        _place,
        ANOTHER_VERSION,
        f"dim_{_member}_versions_in_force",
        f"dim_{_member}_history_is_whole",
        f"dim_{_member}_guesses_are_needed",
        member=_member,
    )


def test_every_check_holds_on_an_honest_world(world: Settings, truth: Path) -> None:
    """All of them, by number, so that none can go missing unseen."""
    report = verify(world, truth)
    assert [check.sentence for check in report.failed] == []
    assert len(report.checks) == CHECKS
    assert len({check.name for check in report.checks}) == CHECKS
    assert all(check.sentence.endswith(".") for check in report.checks)


def test_every_check_has_a_case_in_which_it_fails(world: Settings, truth: Path) -> None:
    """A check that nothing here can break proves nothing."""
    broken = {name for one in CASES.values() for name in one.failing} | {"truth_arrived", "labels_agree_with_truth"}
    assert {check.name for check in verify(world, truth).checks} == broken


@pytest.mark.parametrize("name", CASES)
def test_verify_names_exactly_what_was_tampered_with(world: Settings, tamper: Tamper, name: str) -> None:
    """The checks that should fail do, and no other."""
    one = CASES[name]
    with tamper(one.database, one.table, one.statement) as rows:
        assert rows >= 1, "the case changed nothing"
        report = verify(world)
    assert {check.name for check in report.failed} == one.failing, [check.sentence for check in report.failed]


def test_a_truth_that_knows_more_purchases_fails(world: Settings, truth: Path, tmp_path: Path) -> None:
    """A purchase that never arrived is named."""
    longer = tmp_path / "truth.jsonl"
    extra = b'{"customer_id":"c-x","transaction_id":"t-x","is_fraud":false,"scenario":null}\n'
    longer.write_bytes(truth.read_bytes() + extra)
    failed = {check.name: check.sentence for check in verify(world, longer).failed}
    assert failed.keys() == {"truth_arrived"}
    assert "c-x/t-x" in failed["truth_arrived"]


def test_a_label_that_contradicts_the_truth_fails(world: Settings, truth: Path, tmp_path: Path) -> None:
    """Where the truth says that nothing is fraud, every label is wrong."""
    innocent = tmp_path / "truth.jsonl"
    innocent.write_bytes(truth.read_bytes().replace(b'"is_fraud":true', b'"is_fraud":false'))
    assert {check.name for check in verify(world, innocent).failed} == {"labels_agree_with_truth"}
