"""Why an alert fired: what the stream wrote, and the same rebuilt from the customer's own records in bronze."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.rule_sets import load_horizons
from streamflow.errors import InputError
from streamflow.quality.statements import statement
from streamflow.quality.stream_checks import read_book
from streamflow.reader import reading
from streamflow.replay.engine import LogRecord
from streamflow.replay.moment import Moment, rebuild
from streamflow.rules.engine import Engine
from streamflow.rules.model import canonical_decision_bytes

if TYPE_CHECKING:
    from psycopg import Connection

    from streamflow.settings import Settings


@dataclass(frozen=True)
class Explanation:
    """One decision, twice.

    Attributes:
        stored: The fraud-decisions record at its highest revision; of a late purchase what silver keeps of the batch.
        moment: What the replay of the customer's log says.
    """

    stored: dict[str, Any]
    moment: Moment

    @property
    def late(self) -> bool:
        """Whether the purchase came late, so that the batch judged it and not the stream."""
        return "revision" not in self.stored

    @property
    def agrees(self) -> bool:
        """Whether the replay decides byte for byte as the stream did."""
        rebuilt = self.moment.decision
        return rebuilt is not None and rebuilt.canonical_bytes() == canonical_decision_bytes(self.stored)


def explain_alert(settings: Settings, name: str, rule_set: str | None = None) -> Explanation:
    """Find a decision and rebuild it.

    Args:
        settings: Where bronze and silver are.
        name: An alert's id, or a purchase as `customer/transaction`.
        rule_set: Whose decision about the purchase; that of the live rule set when not given.

    Raises:
        InputError: There is no such decision.
        EnvironmentNotReady: Bronze or silver do not answer.
    """
    with reading(settings, "bronze_db") as bronze:
        stored = _stored(settings, bronze, name, rule_set)
        book = read_book(settings, bronze)
        validator = build_validator(Catalogue.load(settings.contracts_dir), settings.base_currency)
        horizons = load_horizons(settings.contracts_dir)
        moments = [
            rebuild(records, validator, Engine(book, horizons), stored["transaction_id"], stored["rule_set"])
            for records in _records(settings, bronze, stored["customer_id"]).values()
        ]
    # A recreated topic is another log: the newest one that says something about the purchase counts.
    told = [moment for moment in moments if moment.decision is not None]
    return Explanation(stored, (told or moments or [Moment(None, None, ())])[-1])


def _stored(settings: Settings, bronze: Connection[tuple[Any, ...]], name: str, rule_set: str | None) -> dict[str, Any]:
    from psycopg.sql import Literal

    customer, _, transaction = name.partition("/")
    parts = {
        "field": Literal("customer_id" if transaction else "alert_id"),
        "wanted": Literal(customer),
        "other": Literal(transaction or None),
    }
    found = [row[0] for row in bronze.execute(statement(settings, "explained_decision", **parts)).fetchall()]
    with reading(settings, "silver_db") as silver:
        found += [row[0] for row in silver.execute(statement(settings, "explained_late", **parts)).fetchall()]
    if rule_set is not None:
        found = [one for one in found if one["rule_set"] == rule_set]
    if not found:
        what = "decision about the purchase" if transaction else "alert"
        tail = "" if rule_set is None else f" by rule set {rule_set}"
        raise InputError(f"The warehouse holds no {what} {name}{tail}; 'streamflow alerts list' shows the alerts.")
    return max(found, key=lambda one: (one["role"] == "live", one["event_timestamp"]))


def _records(settings: Settings, bronze: Connection[tuple[Any, ...]], customer_id: str) -> dict[str, list[LogRecord]]:
    """Return a customer's records by log, the oldest log first, each in offset order."""
    from psycopg.sql import Literal

    logs: dict[str, list[LogRecord]] = {}
    cursor = bronze.cursor(binary=True)
    for log_id, *record in cursor.execute(statement(settings, "customer_records", key=Literal(customer_id.encode()))):
        logs.setdefault(log_id, []).append(LogRecord(*record))
    order = [row[0] for row in bronze.execute(statement(settings, "log_ids"))]
    return {log_id: logs[log_id] for log_id in order if log_id in logs}
