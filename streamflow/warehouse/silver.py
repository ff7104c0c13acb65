"""bronze_to_silver: one pass over what is new in bronze, in one transaction of the silver database.

The order within a pass matters: rule sets, reference data, decisions and late records come before purchases and events,
so that new rows are right at once; rows of earlier passes that they change are brought up to date after. Late purchases
are judged as soon as they stand among the clean ones, because those are what they are judged by.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from psycopg import sql

from streamflow.warehouse import marks
from streamflow.warehouse.connections import Session
from streamflow.warehouse.report import IntegrityViolation, Pass, Slice

if TYPE_CHECKING:
    from streamflow.contracts.rule_sets import Horizons
    from streamflow.rules.book import RuleBook

TRANSFORM: Final = "bronze_to_silver"

SOURCES: Final = {
    "raw_reference": ("stage_reference", "reference_batch"),
    "raw_fraud_decisions": ("stage_decisions", "decision_batch"),
    "raw_fraud_alerts": ("stage_decisions", "alert_batch"),
    "raw_late": ("stage_late", "late_batch"),
    "raw_transactions": ("stage_purchases", "purchase_batch"),
    "raw_events": ("stage_events", "event_batch"),
}
"""Raw table to the statement that stages it and the batch that it fills."""

HISTORIES: Final = {"customers": "customer", "stores": "store", "products": "product"}
"""Type 2 table to the entity of its members."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SilverPass:
    """One pass; `run` does it inside the caller's transaction.

    Args:
        target: The silver database, as the role transform, in a transaction.
        source: The bronze database, as the role transform.
        done: Where to note rows and slices.
        reached: How far ingestion has come for good.
    """

    def __init__(self, target: Session, source: Session, done: Pass, reached: marks.Committed) -> None:
        self._target = target
        self._source = source
        self._done = done
        self._reached = reached
        self._values: dict[str, Any] = {}

    def run(self) -> bool:
        """Do the pass.

        Returns:
            Whether there may be more to do.

        Raises:
            IntegrityViolation: A revision came twice with different content.
        """
        sides = (self._target, self._source)
        slices = [one for table in SOURCES for one in marks.plan(*sides, TRANSFORM, table, self._reached)]
        book, horizons, unread, rules_from = self._rules()
        base_scores = self._base_scores(book)
        if not slices and base_scores is None and not unread:
            return False
        self._done.slices = slices
        self._execute("batches")
        self._values["load_time"] = self._target.value("silver/tick")
        self._stage(slices)
        self._reference()
        self._decisions("decision_batch", "fraud_decisions", ["customer_id", "transaction_id", "rule_set"])
        self._decisions("alert_batch", "fraud_alerts", ["alert_id"])
        self._execute("late_positions_insert")
        if base_scores is not None:
            self._put_base_scores(base_scores)
        self._purchases(book, horizons, rules_from)
        self._execute("late_rules_put", records=unread)
        self._events()
        marks.store(self._target, TRANSFORM, self._done.run_id, slices)
        return bool(slices)

    def _render(self, name: str, **values: Any) -> sql.Composed:
        return self._target.render(f"silver/{name}", **(self._values | values))

    def _execute(self, name: str, **values: Any) -> int:
        """Run a statement of sql/silver; return the number of rows it changed."""
        return self._target.connection.execute(self._render(name, **values)).rowcount

    def _first(self, query: sql.Composed) -> tuple[Any, ...] | None:
        return self._target.connection.execute(query).fetchone()

    def _count(self, batch: str) -> int:
        row = self._first(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(batch)))
        return 0 if row is None else int(row[0])

    def _stage(self, slices: list[Slice]) -> None:
        """Fill the batches, one statement a log partition, so that its bounds reach the far side as literals."""
        for one in slices:
            name, batch = SOURCES[one.source_table]
            source = sql.Identifier("bronze_ext", one.source_table)
            self._execute(name, batch=sql.Identifier(batch), source=source, **one.values())
        for _, batch in SOURCES.values():
            self._target.connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(batch)))

    def _reference(self) -> None:
        for table, entity in HISTORIES.items():
            counted = self._first(self._render("reference_count", entity=entity))
            rows = 0 if counted is None else counted[0]
            if not rows:
                continue
            changed = self._execute(f"{table}_upsert")
            self._execute(
                "history_validity",
                table=sql.Identifier("silver", table),
                member=sql.Identifier(f"{entity}_id"),
                entity=entity,
            )
            self._done.add(f"silver.{table}", rows, changed)

    def _decisions(self, batch: str, table: str, key: list[str]) -> None:
        rows = self._count(batch)
        if not rows:
            return
        names = {"batch": sql.Identifier(batch), "target": sql.Identifier("silver", table)}
        bad = self._first(self._render("decisions_disagree", **names))
        if bad is not None:
            customer, transaction, rule_set, revision = bad
            raise IntegrityViolation(
                f"silver.{table}: revision {revision} of rule set {rule_set} on purchase {transaction} of customer "
                f"{customer} came twice with different content, so nothing was loaded."
            )
        changed = self._execute("decisions_upsert", key=sql.SQL(", ").join(map(sql.Identifier, key)), **names)
        self._done.add(f"silver.{table}", rows, changed)

    def _rules(self) -> tuple[RuleBook, Horizons, list[str], datetime | None]:
        """Return book and horizons, the records that late purchases were not judged by, and from when those count."""
        from streamflow.contracts.rule_sets import load_horizons
        from streamflow.rules.admission import admitted
        from streamflow.warehouse.late import unread_rules

        records = [row[0] for row in self._source.execute("bronze/rule_records")]
        # The SQL folder and the contracts stand side by side in every installation.
        horizons = load_horizons(self._source.folder.with_name("contracts"))
        unread, from_us = unread_rules(self._target, records)
        return admitted(records, horizons), horizons, unread, None if from_us is None else _moment(from_us)

    def _base_scores(self, book: RuleBook) -> list[dict[str, Any]] | None:
        """Return the periods of live rule sets, or None if silver has them already."""
        breaks = sorted({item.effective_from_us for item in book.activations})
        periods = []
        for start_us, end_us in zip_longest(breaks, breaks[1:]):
            card = book.live_at(start_us)
            if card is not None:
                periods.append(
                    {
                        "effective_from": _moment(start_us),
                        "effective_to": "infinity" if end_us is None else _moment(end_us).isoformat(),
                        "rule_set": card.version,
                        "score": card.base_score,
                    }
                )
        known = self._target.execute("silver/base_scores_get").fetchall()
        wanted = [(period["effective_from"], period["rule_set"], period["score"]) for period in periods]
        return None if [(start, version, float(score)) for start, version, score in known] == wanted else periods

    def _put_base_scores(self, periods: list[dict[str, Any]]) -> None:
        self._target.connection.execute("DELETE FROM ops.base_scores")
        for period in periods:
            self._execute("base_scores_put", **period)
        self._execute("base_scores_touch")

    def _purchases(self, book: RuleBook, horizons: Horizons, rules_from: datetime | None) -> None:
        rows = self._count("purchase_batch")
        fresh = 0
        if rows:
            scored = self._scored(sql.Identifier("purchase_batch"), sql.SQL("p.log_rank, p.kafka_offset"))
            fresh = self._execute("clean_transactions_insert", scored=scored)
        self._late(book, horizons, rules_from)
        # Before the repeats: they give a row the time of this load, by which rescoring knows what is done.
        touched = self._scored(sql.SQL("({})").format(self._render("touched_rows")), sql.SQL("p.kafka_offset"))
        rescored = self._execute("clean_transactions_rescore", scored=touched)
        if fresh < rows:
            self._execute("clean_transactions_repeats")
        if rows or rescored:
            self._done.add("silver.clean_transactions", rows, fresh + rescored, rows - fresh)

    def _late(self, book: RuleBook, horizons: Horizons, rules_from: datetime | None) -> None:
        from streamflow.warehouse.late import judge_late

        judged, decisions = judge_late(self._target, book, horizons, self._values["load_time"], rules_from)
        if not judged:
            return
        late = sql.SQL("({})").format(self._render("late_rows"))
        self._execute("late_rescore", scored=self._scored(late, sql.SQL("p.kafka_offset")))
        self._done.add("silver.late_decisions", judged, decisions, 0)

    def _scored(self, purchases: sql.Composable, first: sql.Composable) -> sql.Composed:
        return self._render("scored_purchases", purchases=purchases, first=first)

    def _events(self) -> None:
        rows = self._count("event_batch")
        fresh = self._execute("enriched_events_insert") if rows else 0
        moved = self._execute("enriched_events_country")
        if rows or moved:
            self._done.add("silver.enriched_events", rows, fresh + moved, rows - fresh)
        labelled = self._execute("labels_upsert") if fresh else 0
        if labelled:
            self._done.add("silver.labels", labelled, labelled)


def _moment(time_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time_us)
