"""Verdicts of analysts on their way to the log: read from a file, held against what is known, turned into events.

A verdict travels as an event on events.raw, as a chargeback does, and reaches the tables by no other way. Its event id
is a function of its content, so that sending it twice is sending it once. An analyst who comes back to an earlier
verdict of their own, word for word, must say so (`again`): otherwise the log would take it for a repeat.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from psycopg.types.json import Jsonb

from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.names import EVENTS_RAW
from streamflow.contracts.timestamps import format_us, parse_us
from streamflow.errors import InputError
from streamflow.generator.records import Emission
from streamflow.settings import Settings
from streamflow.warehouse.connections import Session, connect
from streamflow.warehouse.silver import TRANSFORM

LABELS: Final = ("fraud", "legitimate")
SCHEMA_VERSION: Final = "2.0.0"
NAMESPACE: Final = uuid.UUID("6f1d9a36-2f1b-5a39-9f0e-5b4f2f1f6c11")
"""Of event ids of verdicts; fixed for ever, since an id must come out the same again."""

Purchase = tuple[str, str]
"""Customer and transaction."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants to say.

    Attributes:
        line: Line of the file, the header being 1; 0 for a command.
        label: fraud or legitimate.
        note: Why.
        alert_id: The alert, or None where customer and transaction are given.
        purchase: The purchase, or None until the alert is looked up.
    """

    line: int
    label: str
    note: str | None
    alert_id: str | None = None
    purchase: Purchase | None = None


@dataclass(frozen=True)
class Aside:
    """A wish that is not sent."""

    line: int
    reason: str


@dataclass(frozen=True)
class Said:
    """A verdict that is known already, in silver or on its way there."""

    purchase: Purchase
    label: str
    analyst: str
    note: str | None
    at: datetime


@dataclass
class Prepared:
    """Verdicts ready to be sent.

    Attributes:
        records: Payloads for events.raw.
        repeats: Wishes that the same analyst has said before in the same words; not sent.
        aside: Wishes that cannot be sent.
    """

    records: list[dict[str, Any]] = field(default_factory=list)
    repeats: list[Aside] = field(default_factory=list)
    aside: list[Aside] = field(default_factory=list)


def event_id(purchase: Purchase, label: str, analyst: str, note: str | None, before: int) -> str:
    """Return the event id of a verdict.

    Args:
        purchase: Customer and transaction.
        label: fraud or legitimate.
        analyst: Who says so.
        note: Why.
        before: How often this analyst has said just this before.
    """
    content = json.dumps([*purchase, label, analyst, note, before], ensure_ascii=False)
    return f"v-{uuid.uuid5(NAMESPACE, content)}"


def prepare(
    settings: Settings, wishes: Sequence[Wish], analyst: str, now: datetime, *, again: bool = False
) -> Prepared:
    """Hold wishes against silver, and make events of those that can be sent.

    Args:
        settings: Where the databases and contracts are.
        wishes: What to say.
        analyst: Who says it.
        now: The present by the profile's clock.
        again: Say once more what the same analyst said before in the same words.

    Returns:
        Events, repeats, and what is set aside with its reason.

    Raises:
        EnvironmentNotReady: PostgreSQL does not answer.
    """
    done = Prepared()
    with connect(settings, "silver_db", "reader") as connection:
        session = Session(connection, settings.sql_dir)
        found = list(_resolved(session, wishes, done))
        asked = Jsonb([dict(zip(("customer_id", "transaction_id"), purchase, strict=True)) for _, purchase in found])
        known = {(row[0], row[1]): row[4] for row in session.execute("alerts/purchases", purchases=asked)}
        said = [Said((row[0], row[1]), *row[2:]) for row in session.execute("alerts/verdicts", purchases=asked)]
        marks = session.execute("ops/marks_get", transform=TRANSFORM, source_table="raw_events").fetchall()
    said += _unread(settings, marks)
    counts = Counter((one.purchase, one.label, one.analyst, one.note) for one in said)
    newest = {one.purchase: one.at for one in sorted(said, key=lambda one: one.at)}
    lines: dict[Purchase, Wish] = {}
    for wish, purchase in found:
        first = lines.setdefault(purchase, wish)
        before = counts[purchase, wish.label, analyst, wish.note]
        if purchase not in known:
            done.aside.append(Aside(wish.line, f"silver has no purchase {purchase[1]} of that customer"))
        elif first is not wish:
            done.aside.append(Aside(wish.line, f"line {first.line} is about the same purchase"))
        elif before and not again:
            done.repeats.append(Aside(wish.line, f"{analyst} has said just this of purchase {purchase[1]} before"))
        else:
            # Whoever gives a verdict has seen what is known, so it is newer, even where the log's clock stands still.
            at = max(filter(None, (now, known[purchase], newest.get(purchase))))
            done.records.append(_record(purchase, wish, analyst, at, before))
    _judge(settings, done)
    return done


def _resolved(session: Session, wishes: Sequence[Wish], done: Prepared) -> Iterator[tuple[Wish, Purchase]]:
    """Yield wishes with their purchases; an alert that silver does not know is set aside."""
    ids = [wish.alert_id for wish in wishes if wish.alert_id is not None]
    rows = session.execute("alerts/purchases_of_alerts", alert_ids=ids).fetchall() if ids else []
    alerts = {row[0]: (row[1], row[2]) for row in rows}
    for wish in wishes:
        purchase = wish.purchase if wish.alert_id is None else alerts.get(wish.alert_id)
        if purchase is None:
            done.aside.append(Aside(wish.line, f"silver has no alert {wish.alert_id}"))
        else:
            yield wish, purchase


def _unread(settings: Settings, marks: list[tuple[Any, ...]]) -> list[Said]:
    """Return the verdicts that are in bronze and not in silver yet."""
    known = [dict(zip(("log_id", "kafka_partition", "next_offset"), mark, strict=True)) for mark in marks]
    least = min((mark["next_offset"] for mark in known), default=0)
    with connect(settings, "bronze_db", "reader") as connection:
        rows = Session(connection, settings.sql_dir).execute("alerts/unread_verdicts", marks=Jsonb(known), least=least)
        return [Said((row[0], row[1]), *row[2:]) for row in rows]


def _record(purchase: Purchase, wish: Wish, analyst: str, at: datetime, before: int) -> dict[str, Any]:
    customer_id, transaction_id = purchase
    verdict = {"transaction_id": transaction_id, "label": wish.label, "analyst": analyst}
    return {
        "schema_version": SCHEMA_VERSION,
        "event_id": event_id(purchase, wish.label, analyst, wish.note, before),
        "customer_id": customer_id,
        "event_type": "verdict",
        "event_timestamp": format_us(_us(at)),
        "verdict": verdict if wish.note is None else verdict | {"note": wish.note},
    }


def _us(at: datetime) -> int:
    return (at - datetime.fromtimestamp(0, at.tzinfo)) // timedelta(microseconds=1)


def emissions(records: Iterable[dict[str, Any]]) -> Iterator[Emission]:
    """Yield the records as they go to Kafka, each at its own time."""
    for record in records:
        time_us = parse_us(record["event_timestamp"])
        assert time_us is not None  # noqa: S101 - `_record` wrote it
        key = str(record["customer_id"]).encode()
        yield Emission(EVENTS_RAW, key, msgspec.json.encode(record), time_us // 1000)


def _judge(settings: Settings, done: Prepared) -> None:
    """Refuse what ingestion would put among the dead letters; the analyst's name is the usual reason.

    Raises:
        InputError: A record breaks the contract of events.raw.
    """
    if not done.records:
        return
    judge = build_validator(Catalogue.load(settings.contracts_dir), settings.base_currency)
    for record, one in zip(done.records, emissions(done.records), strict=True):
        verdict = judge(one.topic, one.key, one.value, one.timestamp_ms)
        if verdict.reason is not None:
            raise InputError(
                f"The verdict on purchase {record['verdict']['transaction_id']} breaks the contract of "
                f"events.raw ({verdict.reason}: {verdict.detail}); nothing was sent."
            )
