"""Late purchases judged by the batch: what the stream left unscored gets the score of its own time (ADR 0019).

History comes from silver.clean_transactions, each purchase once: a row of a log partition is there only when everything
before it in that partition is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any, Final

import msgspec
from psycopg import sql

from streamflow.contracts.rule_sets import Horizons
from streamflow.contracts.timestamps import parse_us
from streamflow.replay.late import Timeline, late_engine
from streamflow.rules.book import RuleBook
from streamflow.rules.model import Decision, Purchase
from streamflow.warehouse.connections import Session

FETCH_ROWS: Final = 10_000

BATCH_COLUMNS: Final = (
    "alert_id, transaction_id, customer_id, rule_set, role, score, is_alert, calibrated, log_odds_ulo, lines, "
    "evidence, calibration_id"
)

_JSON: Final = msgspec.json.Encoder(order="sorted")


def unread_rules(target: Session, records: Iterable[Mapping[str, Any]]) -> tuple[list[str], int | None]:
    """Find the fraud-rules records that late purchases have not been judged by.

    Args:
        target: The silver database.
        records: Every fraud-rules record in bronze.

    Returns:
        Their digests, and the event time (epoch microseconds) from which they may change a decision; None without any.
    """
    known = {row[0] for row in target.execute("silver/late_rules_get")}
    begins: dict[tuple[str, str], int] = {}
    fresh: dict[str, tuple[str, str]] = {}
    for record in records:
        # A record replaces an older one of its key, hence counts from the earliest time that any of them names.
        key = str(record["kind"]), str(record.get("version") or record.get("entry_id"))
        times = (parse_us(str(record[name])) for name in ("effective_from", "valid_from") if record.get(name))
        begins[key] = min([begins.get(key, 2**62), *(time for time in times if time is not None)])
        digest = hashlib.sha256(_JSON.encode(record)).hexdigest()
        if digest not in known:
            fresh[digest] = key
    return list(fresh), min((begins[key] for key in fresh.values()), default=None)


def judge_late(
    target: Session, book: RuleBook, horizons: Horizons, load_time: datetime, rules_from: datetime | None
) -> tuple[int, int]:
    """Judge the late purchases that are waiting, and again those at or after the time of new rules.

    Leaves their names in the temporary table late_wanted, for the statements after it.

    Args:
        target: The silver database, in the transaction of the pass.
        book: The rule book.
        horizons: How far the stream's state reaches.
        load_time: The time of this load.
        rules_from: From when new rules count; None without new ones.

    Returns:
        Purchases judged, and decisions made about them.
    """
    moment = "infinity" if rules_from is None else rules_from.isoformat()
    wanted = target.execute("silver/late_wanted", rules_from=moment).rowcount
    if wanted <= 0:
        return 0, 0
    target.connection.execute("ANALYZE late_wanted")
    target.execute("silver/late_decisions_batch")
    columns = sql.SQL(BATCH_COLUMNS)
    with target.connection.cursor() as cursor:
        # COPY needs the connection for itself, so decisions gather first; a few in a hundred purchases are late.
        decisions = list(_decisions(target, book, horizons))
        with cursor.copy(sql.SQL("COPY late_decision_batch ({}) FROM STDIN").format(columns)) as copy:
            for one in decisions:
                copy.write_row(_row(one))
    target.execute("silver/late_decisions_delete")
    target.execute("silver/late_decisions_insert", load_time=load_time)
    target.execute("silver/late_positions_scored", load_time=load_time)
    return wanted, len(decisions)


def _decisions(target: Session, book: RuleBook, horizons: Horizons) -> Iterator[Decision]:
    engine = late_engine(book, horizons)
    with target.connection.cursor(name="late_histories", binary=True) as rows:
        rows.itersize = FETCH_ROWS
        rows.execute(target.render("silver/late_histories"))
        for _, history in groupby(rows, key=lambda row: (row[0], row[8], row[9])):
            timeline = Timeline(engine)
            for row in history:
                purchase = _purchase(row)
                if row[11]:
                    yield from timeline.judge(purchase)
                timeline.add(purchase)


def _purchase(row: tuple[Any, ...]) -> Purchase:
    """Return a purchase of silver, where each stands once, so that its digest is never asked for."""
    customer, transaction, time_us, amount_minor, offset_min, merchant, latitude, longitude = row[:8]
    return Purchase(customer, transaction, time_us, amount_minor, offset_min, merchant, latitude, longitude, 0)


def _row(decision: Decision) -> tuple[Any, ...]:
    payload = decision.payload()
    payload |= {name: _JSON.encode(payload[name]).decode() for name in ("lines", "evidence")}
    return tuple(payload[name.strip()] for name in BATCH_COLUMNS.split(","))
