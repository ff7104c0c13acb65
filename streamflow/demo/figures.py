"""Read the figures of a run from the three layers and from the truth file.

Nothing here is computed from what a producer claims: each figure is a query, and each query is a file in `sql/demo`.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from streamflow.settings import Database, Settings
from streamflow.statistics.intervals import Share, wilson

ANY = "five rules together"
BASELINE = "amount alone"


@dataclass(frozen=True, slots=True)
class Quality:
    """How well one way of choosing purchases agrees with the labels known at the end of the run.

    Attributes:
        name: A rule (the alerts in which it weighs), `five rules together`, or the baseline.
        alerts: Purchases chosen.
        precision: Share of them that are labelled, with a 95 % Wilson interval.
        recall: Share of the labelled that were chosen, with the same interval.
        caught: Money of labelled purchases among the chosen, major units.
    """

    name: str
    alerts: int
    precision: Share
    recall: Share
    caught: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """What became of one kind of injected fraud, by the truth file.

    Attributes:
        name: The generator's name of the scenario.
        purchases: Purchases of that scenario that arrived in gold.
        caught: Share with an alert.
        labelled: How many a chargeback had reached by the end.
    """

    name: str
    purchases: int
    caught: Share
    labelled: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that the table and the report show."""

    rejected: list[tuple[str, str, int]]
    latency_ms: list[float]
    quality: list[Quality]
    scenarios: list[Scenario]
    hours: list[tuple[datetime, int, float]]
    alert_hours: list[tuple[datetime, int, int]]
    examples: list[dict[str, Any]]
    rows: dict[str, int]
    lineage: list[tuple[str, str, int]] = field(default_factory=list)
    """Rule set, the calibration that its alerts name (empty for none), standing alerts."""
    labelled: int = 0
    labelled_money: float = 0.0
    extra: dict[str, Any] = field(default_factory=dict)

    def latency(self, share: float) -> float | None:
        """Return the empirical quantile of alert latency in milliseconds, or None without alerts."""
        if not self.latency_ms:
            return None
        ordered = sorted(self.latency_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _rows(settings: Settings, database: Database, name: str) -> list[dict[str, Any]]:
    query = (settings.sql_dir / "demo" / f"{name}.sql").read_bytes()
    with (
        psycopg.connect(settings.postgres.dsn(database, "reader"), row_factory=dict_row) as connection,
        connection.cursor() as cursor,
    ):
        return cursor.execute(query).fetchall()


Purchase = tuple[str, str]


def _judge(name: str, chosen: set[Purchase], labelled: dict[Purchase, float]) -> Quality:
    hits = chosen & labelled.keys()
    return Quality(
        name=name,
        alerts=len(chosen),
        precision=wilson(len(hits), len(chosen)),
        recall=wilson(len(hits), len(labelled)),
        caught=sum(labelled[purchase] for purchase in hits),
    )


def _quality(
    facts: list[dict[str, Any]], fired: list[dict[str, Any]], labelled: dict[Purchase, float]
) -> list[Quality]:
    by_rule: dict[str, set[Purchase]] = {}
    for row in fired:
        for rule in row["rules"]:
            by_rule.setdefault(rule, set()).add((row["customer_id"], row["transaction_id"]))
    alerts = {(row["customer_id"], row["transaction_id"]) for row in facts if row["fraud_flag"]}
    # The same number of alerts, spent on the largest amounts: what a shop without rules could do.
    largest = sorted(facts, key=lambda row: (-row["amount"], row["customer_id"], row["transaction_id"]))
    baseline = {(row["customer_id"], row["transaction_id"]) for row in largest[: len(alerts)]}
    return [
        *(_judge(rule, chosen, labelled) for rule, chosen in sorted(by_rule.items())),
        _judge(ANY, alerts, labelled),
        _judge(BASELINE, baseline, labelled),
    ]


def _scenarios(truth: Path | None, facts: list[dict[str, Any]], labelled: dict[Purchase, float]) -> list[Scenario]:
    if truth is None:
        return []
    flagged = {(row["customer_id"], row["transaction_id"]): bool(row["fraud_flag"]) for row in facts}
    purchases: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    known: Counter[str] = Counter()
    with truth.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            purchase = (row["customer_id"], row["transaction_id"])
            if not row["is_fraud"] or purchase not in flagged:
                continue
            purchases[row["scenario"]] += 1
            caught[row["scenario"]] += flagged[purchase]
            known[row["scenario"]] += purchase in labelled
    return [
        Scenario(name=name, purchases=count, caught=wilson(caught[name], count), labelled=known[name])
        for name, count in sorted(purchases.items())
    ]


def collect(settings: Settings, truth: Path | None, rows: dict[str, int]) -> Figures:
    """Query the layers.

    Args:
        settings: Where PostgreSQL is.
        truth: JSON lines of customer_id, transaction_id, is_fraud, scenario; None for data without a truth.
        rows: Table to number of rows, as the warehouse counts them.

    Returns:
        The figures of everything that is in the layers now.
    """
    facts = _rows(settings, "gold_db", "facts")
    labelled = {(row["customer_id"], row["transaction_id"]): float(row["amount"]) for row in facts if row["labelled"]}
    return Figures(
        rejected=[(r["source_topic"], r["reason"], r["records"]) for r in _rows(settings, "bronze_db", "rejected")],
        latency_ms=[float(row["latency_ms"]) for row in _rows(settings, "bronze_db", "alert_latency")],
        quality=_quality(facts, _rows(settings, "silver_db", "fired_rules"), labelled),
        scenarios=_scenarios(truth, facts, labelled),
        hours=[(r["window_start"], r["transactions"], float(r["amount"])) for r in _rows(settings, "gold_db", "hours")],
        alert_hours=[(r["hour"], r["alerts"], r["labelled"]) for r in _rows(settings, "gold_db", "alert_hours")],
        examples=_rows(settings, "silver_db", "example_alerts"),
        rows=rows,
        lineage=[(r["rule_set"], r["calibration"], r["alerts"]) for r in _rows(settings, "silver_db", "alert_lineage")],
        labelled=len(labelled),
        labelled_money=sum(labelled.values()),
    )
