"""silver_to_gold: one pass over what silver wrote since the last run, in one transaction of the gold database.

Silver's loads have strictly rising times, so "changed since" is exact. What changed is staged once; dimensions come
first, then labels and facts, then the aggregates of every hour and day that has a new or changed fact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from psycopg import sql

from streamflow.contracts.catalogue import Catalogue
from streamflow.contracts.label_delays import LABEL_DELAYS_DAYS
from streamflow.warehouse import marks
from streamflow.warehouse.connections import Session
from streamflow.warehouse.report import Pass, Slice

TRANSFORM: Final = "silver_to_gold"
SOURCE: Final = "silver"
CLOCK: Final = "load_clock"
"""Stands where a log has its id: the mark of this transform is a time of silver's loads, in microseconds."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HISTORY: Final = ("valid_from", "valid_to", "is_current", "is_inferred")


@dataclass(frozen=True)
class Dimension:
    """One type 2 dimension; every name follows from the entity's."""

    entity: str
    attributes: tuple[str, ...]

    def names(self) -> dict[str, sql.Composable]:
        """Return what the statements of dimensions need."""
        columns = [sql.Identifier(name) for name in self.attributes]
        return {
            "dimension": sql.Identifier("gold", f"dim_{self.entity}"),
            "spans": sql.Identifier("ops", f"{self.entity}_spans"),
            "source": sql.Identifier("silver_ext", f"{self.entity}s"),
            "batch": sql.Identifier(f"{self.entity}_batch"),
            "member": sql.Identifier(f"{self.entity}_id"),
            "surrogate": sql.Identifier(f"{self.entity}_key"),
            "attributes": sql.SQL(", ").join(columns),
            "new_attributes": sql.SQL(", ").join(sql.SQL("excluded.{}").format(column) for column in columns),
        }


def dimensions(catalogue: Catalogue) -> tuple[Dimension, ...]:
    """Return the type 2 dimensions with the attributes that their contracts give them."""
    found = []
    for entity in ("customer", "product", "store"):
        columns = [column.name for column in catalogue.dataset("gold", f"dim_{entity}").columns]
        others = {f"{entity}_key", f"{entity}_id", *_HISTORY}
        found.append(Dimension(entity, tuple(name for name in columns if name not in others)))
    return tuple(found)


def daily_rules(catalogue: Catalogue) -> list[str]:
    """Return the rules that agg_daily_fraud has rows for, from its contract."""
    checks = catalogue.dataset("gold", "agg_daily_fraud").checks
    return [
        value for check in checks if (check.kind, check.column) == ("enum", "rule") for value in check.args["values"]
    ]


class GoldPass:
    """One pass; `run` does it inside the caller's transaction.

    Args:
        target: The gold database, as the role transform, in a transaction.
        source: The silver database, as the role transform, for its clock alone.
        catalogue: Columns and rules.
        done: Where to note rows and slices.
    """

    def __init__(self, target: Session, source: Session, catalogue: Catalogue, done: Pass) -> None:
        self._target = target
        self._source = source
        self._dimensions = dimensions(catalogue)
        self._rules = daily_rules(catalogue)
        self._done = done
        self._values: dict[str, Any] = {}

    def run(self) -> bool:
        """Do the pass; one pass handles everything, so there is never more to do."""
        known = self._target.execute("ops/marks_get", transform=TRANSFORM, source_table=SOURCE).fetchone()
        after_us = 0 if known is None else int(known[2])
        up_to_us = int(self._source.value("gold/load_clock"))
        if up_to_us <= after_us:
            return False
        self._done.slices = [Slice(SOURCE, CLOCK, 0, after_us, up_to_us)]
        self._values = {"after": _moment(after_us), "up_to": _moment(up_to_us), "load_time": datetime.now(UTC)}
        self._execute("batches")
        self._members()
        self._periods()
        self._facts()
        self._aggregates()
        marks.store(self._target, TRANSFORM, self._done.run_id, self._done.slices)
        return False

    def _execute(self, name: str, **values: Any) -> int:
        """Run a statement of sql/gold; return the number of rows it changed."""
        return self._target.execute(f"gold/{name}", **(self._values | values)).rowcount

    def _analyze(self, table: str) -> None:
        self._target.connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))

    def _members(self) -> None:
        for dimension in self._dimensions:
            names = dimension.names()
            rows = self._execute("stage_members", **names)
            if rows:
                completed = self._execute("dim_complete", **names)
                changed = self._execute("dim_upsert", **names)
                self._done.add(f"gold.dim_{dimension.entity}", rows, max(changed, completed))

    def _periods(self) -> None:
        """Take over which rule set was live when; of facts of earlier runs the days that this changes are touched."""
        if self._target.value("gold/periods_changed"):
            self._execute("periods_touch")
            self._execute("periods_put")

    def _facts(self) -> None:
        rows = self._execute("stage_facts")
        labels = self._execute("stage_labels")
        self._execute("labels_upsert")
        for table in ("fact_batch", "label_batch"):
            self._analyze(table)
        if rows:
            for dimension in self._dimensions:
                inferred = self._execute("dim_infer", **dimension.names())
                if inferred:
                    self._done.add(f"gold.dim_{dimension.entity}", inferred, inferred)
            days = self._execute("dim_date_insert")
            self._done.add("gold.dim_date", days, days)
        # Facts of earlier runs first: those of this run come with today's keys and labels.
        moved = sum(self._execute("facts_rekey", **dimension.names()) for dimension in self._dimensions)
        labelled = self._execute("facts_label")
        self._execute("labels_touch")
        changed = self._execute("facts_upsert") if rows else 0
        if rows or labels or moved:
            self._done.add("gold.fact_transactions", rows, changed + moved + labelled, rows - changed)

    def _aggregates(self) -> None:
        if not self._execute("touch_hours"):
            return
        span = self._target.execute("gold/touched_span").fetchone()
        assert span is not None  # noqa: S101 - an aggregate without GROUP BY gives one row
        first_hour, last_hour = span
        first_day = first_hour.replace(hour=0)
        days = {"first_day": first_day, "last_day": last_hour.replace(hour=0) + timedelta(days=1)}
        self._analyze("touched_hours")
        self._execute("hourly_delete")
        hourly = self._execute("hourly_insert", first_hour=first_hour, last_hour=last_hour)
        self._done.add("gold.agg_hourly_sales", hourly, hourly)
        self._execute("stage_alerts", **days)
        self._analyze("alerted")
        self._execute("daily_delete")
        daily = self._execute("daily_insert", rules=self._rules, **days)
        self._done.add("gold.agg_daily_fraud", daily, daily)
        self._execute("quality_delete")
        quality = self._execute("quality_insert", rules=self._rules, delays=list(LABEL_DELAYS_DAYS), **days)
        self._done.add("gold.agg_rule_quality", quality, quality)


def _moment(time_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time_us)
