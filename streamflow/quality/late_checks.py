"""Checks that late purchases were judged, and judged as a recount from bronze judges them (ADR 0019)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.quality.report import Check
from streamflow.quality.statements import statement
from streamflow.replay.late import Timeline, late_engine
from streamflow.rules.model import canonical_decision_bytes, purchase_from_record

if TYPE_CHECKING:
    from psycopg import Connection

    from streamflow.contracts import Validator
    from streamflow.contracts.rule_sets import Horizons
    from streamflow.replay.engine import DecisionKey
    from streamflow.rules.book import RuleBook
    from streamflow.rules.model import Decision
    from streamflow.settings import Settings

FETCH_ROWS = 5000


def judge_bronze(
    settings: Settings,
    bronze: Connection[tuple[Any, ...]],
    book: RuleBook,
    horizons: Horizons,
    validator: Validator,
) -> dict[DecisionKey, Decision]:
    """Judge every late purchase from the records as they came.

    Args:
        settings: Says where the SQL is.
        bronze: Connection to bronze_db.
        book: The rule book.
        horizons: How far the stream's state reaches.
        validator: The stream's validator.

    Returns:
        What the rule sets say, where one has something to say.
    """
    engine = late_engine(book, horizons)
    found: dict[DecisionKey, Decision] = {}
    for _, records in groupby(_late_customers(settings, bronze), key=lambda row: row[0]):
        seen: set[str] = set()
        for _, log in groupby(records, key=lambda row: row[1]):
            timeline = Timeline(engine)
            for _, _, key, body, timestamp_ms, is_late in log:
                verdict = validator(TRANSACTIONS_RAW, key, body, timestamp_ms)
                if verdict.record is None or verdict.event_time_us is None:
                    continue
                purchase = purchase_from_record(verdict.record, verdict.event_time_us)
                if purchase.transaction_id in seen:
                    continue
                seen.add(purchase.transaction_id)
                for one in timeline.judge(purchase) if is_late else ():
                    found[one.customer_id, one.transaction_id, one.rule_set] = one
                timeline.add(purchase)
    return found


def as_payloads(decisions: Mapping[DecisionKey, Decision]) -> str:
    """Return decisions as a JSON array for the recounts: what they need of each, not its sentences."""
    names = ("customer_id", "transaction_id", "rule_set", "role", "score", "is_alert")
    return json.dumps(
        [
            {name: getattr(one, name) for name in names}
            | {"lines": [{"rule": line.rule, "weight_ulo": line.weight_ulo} for line in one.lines]}
            for one in decisions.values()
        ]
    )


def check_late_decisions(
    settings: Settings, silver: Connection[tuple[Any, ...]], expected: Mapping[DecisionKey, Decision]
) -> Check:
    """Hold silver.late_decisions against the recount, byte for byte.

    Args:
        settings: Says where the SQL is.
        silver: Connection to silver_db.
        expected: From `judge_bronze`.
    """
    have = {
        (row["customer_id"], row["transaction_id"], row["rule_set"]): (row["role"], canonical_decision_bytes(row))
        for (row,) in silver.execute(statement(settings, "late_decisions"))
    }
    want = {key: (str(one.role), one.canonical_bytes()) for key, one in expected.items()}
    wrong = sorted(key for key in have.keys() | want.keys() if have.get(key) != want.get(key))
    sentence = f"The {len(have)} decisions of silver.late_decisions equal a recount from bronze, byte for byte."
    if wrong:
        place = f"customer {wrong[0][0]}, transaction {wrong[0][1]}, rule set {wrong[0][2]}"
        sentence = (
            f"silver.late_decisions differs from a recount from bronze in {len(wrong)} decisions; the first is {place}."
        )
    return Check("late_decisions_equals_bronze", not wrong, len(have), len(want), sentence)


def check_late_share(settings: Settings, silver: Connection[tuple[Any, ...]]) -> Check:
    """Say how many purchases came late, and that each of them has a score where its time has a live rule set."""
    row = silver.execute(statement(settings, "late_share")).fetchone() or (0, 0, 0, 0)
    purchases, late, alerts, unscored = row
    share = 100 * late / purchases if purchases else 0.0
    sentence = (
        f"{late} of {purchases} purchases came late ({share:.2f} %); the batch scored them all and alerts on {alerts}."
    )
    if unscored:
        sentence = f"{unscored} of {late} late purchases ({share:.2f} % of {purchases}) have no score."
    return Check("late_scored", unscored == 0, late - unscored, late, sentence)


def _late_customers(settings: Settings, bronze: Connection[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    with bronze.cursor(name="verify_late", binary=True) as cursor:
        cursor.itersize = FETCH_ROWS
        cursor.execute(statement(settings, "late_records", late=statement(settings, "late_sources")))
        yield from cursor
