"""Checks that silver and gold, and the stream's own aggregates, equal a recount from bronze."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from streamflow.contracts.label_delays import LABEL_DELAYS_DAYS
from streamflow.contracts.names import FRAUD_ALERTS, FRAUD_DECISIONS, bronze_table_for
from streamflow.contracts.rule_sets import RULES, load_horizons
from streamflow.contracts.timestamps import format_us
from streamflow.quality.compare import Difference, Side, compare
from streamflow.quality.late_checks import as_payloads, check_late_decisions, check_late_share, judge_bronze
from streamflow.quality.report import Check
from streamflow.quality.statements import statement

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.sql import Composed

    from streamflow.contracts import Catalogue, Validator
    from streamflow.rules.book import RuleBook
    from streamflow.settings import Settings

REALTIME_WINDOWS_S = {"agg_realtime_1m": 60, "agg_realtime_5m": 300, "agg_realtime_1h": 3600}
MEMBERS = {"customers": "customer", "stores": "store", "products": "product"}
"""Silver's history tables and the entity that each holds, as reference.raw names it."""

HISTORY_COLUMNS = frozenset({"valid_from", "valid_to", "is_current", "attributes_sha256", "loaded_at"})
COORDINATES = frozenset({"log_id", "kafka_partition", "kafka_offset"})


@dataclass(frozen=True)
class Layers:
    """One connection a layer, each with one snapshot."""

    bronze: Connection[tuple[Any, ...]]
    silver: Connection[tuple[Any, ...]]
    gold: Connection[tuple[Any, ...]]


def base_scores(book: RuleBook) -> str:
    """Return the periods of live rule sets with the score of a purchase that no rule speaks about, as a JSON array.

    Args:
        book: The rule book.

    Returns:
        Objects of effective_from, effective_to (exclusive), rule_set and score, in order of time.
    """
    breaks = sorted({item.effective_from_us for item in book.activations})
    periods: list[dict[str, Any]] = []
    for index, start in enumerate(breaks):
        card = book.live_at(start)
        if card is not None:
            end = format_us(breaks[index + 1]) if index + 1 < len(breaks) else "infinity"
            periods.append(
                {
                    "effective_from": format_us(start),
                    "effective_to": end,
                    "rule_set": card.version,
                    "score": card.base_score,
                }
            )
    return json.dumps(periods)


class Recounts:
    """The statements that count from bronze what the other layers must hold.

    Args:
        settings: Says where the SQL is.
        book: The rule book, for base scores.
        late_decisions: What the rule sets say of late purchases, from `as_payloads`.
    """

    def __init__(self, settings: Settings, book: RuleBook, late_decisions: str) -> None:
        from psycopg.sql import SQL, Identifier, Literal

        self._settings = settings
        self.purchases = self.part("purchases")
        self.labels = self.part("labels")
        self.decisions = self.part(
            "standing_decisions", table=SQL("{}").format(Identifier(_bare(bronze_table_for(FRAUD_DECISIONS))))
        )
        self.alerts = self.part(
            "standing_decisions", table=SQL("{}").format(Identifier(_bare(bronze_table_for(FRAUD_ALERTS))))
        )
        late = SQL("{}::jsonb").format(Literal(late_decisions))
        self.every_decision, self.every_alert = (
            self.part(
                "decisions_with_late",
                decisions=decisions,
                late_decisions=late,
                alerts_only=SQL("{}").format(Literal(alerts_only)),
            )
            for decisions, alerts_only in ((self.decisions, False), (self.alerts, True))
        )
        self.base_scores = SQL("{}::jsonb").format(Literal(base_scores(book)))
        self.scored = self.part(
            "scored_purchases",
            purchases=self.purchases,
            late=self.part("late_sources"),
            decisions=self.every_decision,
            base_scores=self.base_scores,
        )

    def part(self, name: str, **parts: Composed) -> Composed:
        """Return a statement of `sql/quality`."""
        return statement(self._settings, name, **parts)


def check_tables(
    settings: Settings, layers: Layers, catalogue: Catalogue, book: RuleBook, validator: Validator
) -> list[Check]:
    """Compare every derived table with its recount.

    Args:
        settings: Says where the SQL is.
        layers: Connections to the three databases.
        catalogue: The contracts, for the columns of the histories.
        book: The rule book, from bronze.
        validator: The stream's validator, for late purchases.

    Returns:
        One check a table, and one on the late purchases.
    """
    late = judge_bronze(settings, layers.bronze, book, load_horizons(settings.contracts_dir), validator)
    recounts = Recounts(settings, book, as_payloads(late))
    return [
        check_late_share(settings, layers.silver),
        check_late_decisions(settings, layers.silver, late),
        *_silver(settings, layers, recounts, catalogue),
        *_realtime(settings, layers, recounts),
        *_gold(settings, layers, recounts),
    ]


def _bare(table: str) -> str:
    return table.partition(".")[2]


def _verdict(name: str, table: str, source: str, difference: Difference) -> Check:
    sentence = f"The {difference.observed} rows of {table} equal a recount from {source}."
    if not difference.equal:
        sentence = (
            f"{table} differs from a recount from {source}: {difference.missing} rows missing or different, "
            f"{difference.extra} not expected; the first is {difference.first}."
        )
    return Check(name, difference.equal, difference.observed, difference.expected, sentence)


def _silver(settings: Settings, layers: Layers, recounts: Recounts, catalogue: Catalogue) -> list[Check]:
    from psycopg.sql import SQL, Identifier

    part = recounts.part
    checks: list[Check] = []

    def add(table: str, recount: Composed, found: Composed) -> None:
        difference = compare(settings, Side(layers.bronze, recount), Side(layers.silver, found))
        checks.append(_verdict(f"{table}_equals_bronze", f"silver.{table}", "bronze", difference))

    add("clean_transactions", part("recount_clean", scored=recounts.scored), part("table_clean"))
    add("enriched_events", part("recount_events"), part("table_events"))
    add("labels", part("recount_labels", labels=recounts.labels), part("table_labels"))
    for table, source in (("fraud_decisions", recounts.decisions), ("fraud_alerts", recounts.alerts)):
        name = SQL("{}").format(Identifier(table))
        add(table, part("recount_decisions", decisions=source), part("table_decisions", table=name))
    for table, entity in MEMBERS.items():
        columns = attribute_columns(catalogue, table)
        add(table, members_in_bronze(settings, entity, columns), members_in(settings, f"silver.{table}", columns))
    return checks


def attribute_columns(catalogue: Catalogue, table: str) -> list[str]:
    """Return the columns of a history of silver that hold attributes of the member."""
    dataset = catalogue.dataset("silver", table)
    technical = HISTORY_COLUMNS | COORDINATES | set(dataset.primary_key)
    return [column.name for column in dataset.columns if column.name not in technical]


def members_in_bronze(settings: Settings, entity: str, columns: list[str]) -> Composed:
    """Return the recount of one kind of member's history."""
    from psycopg.sql import Literal

    return statement(settings, "recount_members", entity=Literal(entity), columns=Literal(columns))


def members_in(settings: Settings, table: str, columns: list[str], known: str = "true") -> Composed:
    """Return the history that a table holds, in the form of the recount.

    Args:
        settings: Says where the SQL is.
        table: Schema and table.
        columns: Attribute columns to compare.
        known: Name of a boolean column that leaves a row out when true, or `true` for all rows.
    """
    from psycopg.sql import SQL, Identifier, Literal

    dimension = table.partition(".")[2]
    entity = dimension.removeprefix("dim_") if dimension.startswith("dim_") else MEMBERS[dimension]
    condition = SQL("true") if known == "true" else SQL("NOT {}").format(Identifier(known))
    return statement(
        settings,
        "table_members",
        table=SQL("{}").format(Identifier(*table.split("."))),
        member=SQL("{}").format(Identifier(f"{entity}_id")),
        columns=SQL("{}").format(Literal(columns)),
        known=SQL("{}").format(condition),
    )


def _realtime(settings: Settings, layers: Layers, recounts: Recounts) -> list[Check]:
    from psycopg.sql import SQL, Identifier, Literal

    checks = []
    for table, window_s in REALTIME_WINDOWS_S.items():
        recount = recounts.part(
            "recount_realtime", purchases=recounts.purchases, window_s=SQL("{}").format(Literal(window_s))
        )
        found = recounts.part("table_realtime", table=SQL("{}").format(Identifier(table)))
        difference = compare(settings, Side(layers.bronze, recount), Side(layers.gold, found))
        checks.append(_verdict(f"{table}_equals_bronze", f"gold.{table}", "bronze", difference))
    return checks


def _gold(settings: Settings, layers: Layers, recounts: Recounts) -> list[Check]:
    from psycopg.sql import SQL, Literal

    part = recounts.part
    facts = compare(
        settings,
        Side(layers.bronze, part("recount_facts", scored=recounts.scored, labels=recounts.labels)),
        Side(layers.gold, part("table_facts")),
    )
    hourly = compare(settings, Side(layers.gold, part("recount_hourly")), Side(layers.gold, part("table_hourly")))
    rules = SQL("{}").format(Literal([*RULES, "any"]))
    recount = part(
        "recount_daily", purchases=recounts.purchases, labels=recounts.labels, alerts=recounts.every_alert, rules=rules
    )
    daily = compare(settings, Side(layers.bronze, recount), Side(layers.gold, part("table_daily")))
    recount = part(
        "recount_quality",
        purchases=recounts.purchases,
        labels=recounts.labels,
        alerts=recounts.every_alert,
        base_scores=recounts.base_scores,
        rules=rules,
        delays=SQL("{}").format(Literal(list(LABEL_DELAYS_DAYS))),
    )
    quality = compare(settings, Side(layers.bronze, recount), Side(layers.gold, part("table_quality")))
    return [
        _verdict("fact_transactions_equals_bronze", "gold.fact_transactions", "bronze", facts),
        _verdict("agg_hourly_sales_equals_facts", "gold.agg_hourly_sales", "the facts", hourly),
        _verdict("agg_daily_fraud_equals_bronze", "gold.agg_daily_fraud", "bronze", daily),
        _verdict("agg_rule_quality_equals_bronze", "gold.agg_rule_quality", "bronze", quality),
    ]
