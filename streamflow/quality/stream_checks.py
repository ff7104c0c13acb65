"""Checks that what the stream decided is what a replay of bronze decides, and that every record has its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from streamflow import reader
from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.names import FRAUD_ALERTS, FRAUD_DECISIONS, bronze_table_for
from streamflow.contracts.rule_sets import load_horizons
from streamflow.quality.report import Check
from streamflow.quality.statements import statement
from streamflow.replay.engine import DecisionKey, LogRecord, replay
from streamflow.rules.admission import admitted
from streamflow.rules.book import RuleBook
from streamflow.rules.engine import Engine
from streamflow.rules.model import Decision, LatePurchase, Outcome, Purchase, Unscored, canonical_decision_bytes

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.sql import Composed

    from streamflow.contracts import Validator
    from streamflow.settings import Settings

FETCH_ROWS = 5000


class Standing(NamedTuple):
    """What the stream says of a decision at its highest revision."""

    status: str
    canonical: bytes


@dataclass
class Replayed:
    """What the replay of every log in bronze led to.

    Attributes:
        decisions: Final decisions.
        counts: Accepted purchases by disposition.
        rejected: Records of bronze that the validator rejects, by reason; there should be none.
        late: Positions of late purchases, by log.
        unscored: The first purchase that had no live rule set, as `customer/transaction`.
    """

    decisions: dict[DecisionKey, Decision] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    late: dict[str, set[tuple[int, int]]] = field(default_factory=dict)
    unscored: str | None = None

    @property
    def alerts(self) -> dict[DecisionKey, Decision]:
        """Live decisions that stand as alerts."""
        return {key: item for key, item in self.decisions.items() if item.is_alert and item.role == "live"}


def read_book(settings: Settings, bronze: Connection[tuple[Any, ...]]) -> RuleBook:
    """Build the rule book from those fraud-rules records in bronze that every job applies."""
    rows = bronze.execute(reader.statement(settings, "bronze/rule_records"))
    return admitted((row[0] for row in rows), load_horizons(settings.contracts_dir))


def replay_bronze(
    settings: Settings, bronze: Connection[tuple[Any, ...]], book: RuleBook, validator: Validator
) -> Replayed:
    """Replay every log of purchases in bronze, each from nothing, as the stream saw it.

    Args:
        settings: Says where contracts and SQL are.
        bronze: Connection to bronze_db.
        book: The rule book.
        validator: The stream's validator.

    Returns:
        The outcome of all logs; memory grows with decisions and customers, not with records.
    """
    horizons = load_horizons(settings.contracts_dir)
    outcome = Replayed()
    for (log_id,) in bronze.execute(statement(settings, "log_ids")).fetchall():
        late = outcome.late.setdefault(log_id, set())

        def note(purchase: Purchase, what: Outcome, late: set[tuple[int, int]] = late) -> None:
            if isinstance(what, LatePurchase):
                late.add((what.position.partition, what.position.offset))
            elif isinstance(what, Unscored) and outcome.unscored is None:
                outcome.unscored = f"{purchase.customer_id}/{purchase.transaction_id}"

        result = replay(_records(settings, bronze, log_id), validator, Engine(book, horizons), note)
        outcome.decisions.update(result.decisions)
        outcome.counts.update(result.dispositions)
        outcome.rejected.update(result.rejected)
    return outcome


def _records(settings: Settings, bronze: Connection[tuple[Any, ...]], log_id: str) -> Iterator[LogRecord]:
    from psycopg.sql import Literal

    with bronze.cursor(name="verify_log", binary=True) as cursor:
        cursor.itersize = FETCH_ROWS
        cursor.execute(statement(settings, "log_records", log_id=Literal(log_id)))
        for partition, offset, key, body, timestamp_ms in cursor:
            yield LogRecord(partition, offset, key, body, timestamp_ms)


def check_stream(
    settings: Settings, bronze: Connection[tuple[Any, ...]], catalogue: Catalogue, book: RuleBook
) -> list[Check]:
    """Run every check about what the stream decided.

    Args:
        settings: Says where contracts and SQL are.
        bronze: Connection to bronze_db.
        catalogue: The contracts.
        book: The rule book, from bronze.

    Returns:
        The checks.
    """
    validator = build_validator(catalogue, settings.base_currency)
    replayed = replay_bronze(settings, bronze, book, validator)
    return [
        _accepted_again(replayed),
        _rejected_again(settings, bronze, validator),
        _all_scored(replayed),
        _one_content(settings, bronze, "decisions", FRAUD_DECISIONS),
        _one_content(settings, bronze, "alerts", FRAUD_ALERTS),
        _decisions_equal(settings, bronze, replayed),
        _alerts_equal(settings, bronze, replayed),
        _late_equal(settings, bronze, replayed),
        *_accounting(settings, bronze, replayed),
    ]


def _accepted_again(replayed: Replayed) -> Check:
    wrong = replayed.rejected.total()
    first = next(iter(replayed.rejected), None)
    return Check(
        "bronze_is_valid",
        wrong == 0,
        wrong,
        0,
        f"{wrong} records of bronze.raw_transactions break their contract, the first with {first}."
        if wrong
        else f"The validator accepts all {replayed.counts.total()} purchase records of bronze again.",
    )


def _rejected_again(settings: Settings, bronze: Connection[tuple[Any, ...]], validator: Validator) -> Check:
    total = wrong = 0
    first = ""
    with bronze.cursor(name="verify_dead", binary=True) as cursor:
        cursor.itersize = 500
        cursor.execute(statement(settings, "dead_letters"))
        for topic, partition, offset, key, body, timestamp_ms, reason in cursor:
            total += 1
            again = validator(topic, key, body, timestamp_ms).reason
            if again != reason:
                wrong += 1
                first = first or f"{topic}[{partition}]@{offset}, stored as {reason}, now {again or 'accepted'}"
    return Check(
        "dead_letters_are_invalid",
        wrong == 0,
        wrong,
        0,
        f"{wrong} dead letters have another reason than their bytes give; the first is {first}."
        if wrong
        else f"The validator rejects all {total} dead letters again, each for its stored reason.",
    )


def _all_scored(replayed: Replayed) -> Check:
    count = replayed.counts["unscored"]
    return Check(
        "every_purchase_had_a_rule_set",
        count == 0,
        count,
        0,
        f"{count} purchases had no live rule set at their event time; the first is {replayed.unscored}."
        if count
        else "A live rule set was in force at the event time of every purchase.",
    )


def _one_content(settings: Settings, bronze: Connection[tuple[Any, ...]], noun: str, topic: str) -> Check:
    query = statement(settings, "decisions_disagree", table=_bare(topic))
    count, first = bronze.execute(query).fetchone() or (0, None)
    return Check(
        f"{noun}_have_one_content",
        count == 0,
        count,
        0,
        f"{count} {noun} came twice under one revision with different content; the first is {first}."
        if count
        else f"No revision of the {noun} came with two contents.",
    )


def _bare(topic: str) -> Composed:
    from psycopg.sql import SQL, Identifier

    return SQL("{}").format(Identifier(bronze_table_for(topic).partition(".")[2]))


def _standing(settings: Settings, bronze: Connection[tuple[Any, ...]], topic: str) -> dict[DecisionKey, Standing]:
    decisions = statement(settings, "standing_decisions", table=_bare(topic))
    query = statement(settings, "decision_payloads", decisions=decisions)
    with bronze.cursor(name="verify_decisions", binary=True) as cursor:
        cursor.itersize = FETCH_ROWS
        cursor.execute(query)
        return {(row[0], row[1], row[2]): Standing(row[3], canonical_decision_bytes(row[4])) for row in cursor}


def _decisions_equal(settings: Settings, bronze: Connection[tuple[Any, ...]], replayed: Replayed) -> Check:
    stream = {key: item.canonical for key, item in _standing(settings, bronze, FRAUD_DECISIONS).items()}
    return _equal("decisions_equal_replay", "decisions", stream, replayed.decisions)


def _alerts_equal(settings: Settings, bronze: Connection[tuple[Any, ...]], replayed: Replayed) -> Check:
    found = _standing(settings, bronze, FRAUD_ALERTS)
    stream = {key: item.canonical for key, item in found.items() if item.status != "withdrawn"}
    return _equal("alerts_equal_replay", "standing alerts", stream, replayed.alerts)


def _equal(name: str, noun: str, stream: dict[DecisionKey, bytes], again: dict[DecisionKey, Decision]) -> Check:
    wrong: list[tuple[DecisionKey, str]] = [(key, "only the stream has it") for key in stream.keys() - again.keys()]
    for key, decision in again.items():
        have = stream.get(key)
        if have is None:
            wrong.append((key, "only the replay has it"))
        elif have != decision.canonical_bytes():
            wrong.append((key, f"the stream says {have.decode()}, the replay {decision.canonical_bytes().decode()}"))
    sentence = f"All {len(stream)} {noun} of the stream equal a replay of bronze, byte for byte."
    if wrong:
        key, why = min(wrong)
        place = f"customer {key[0]}, transaction {key[1]}, rule set {key[2]}"
        sentence = f"{len(wrong)} {noun} differ from a replay of bronze; the first is {place}: {why}."
    return Check(name, not wrong, len(stream), len(again), sentence)


def _late_equal(settings: Settings, bronze: Connection[tuple[Any, ...]], replayed: Replayed) -> Check:
    from psycopg.sql import Literal

    sources = statement(settings, "late_sources")
    have = want = wrong = 0
    first: tuple[int, int] | None = None
    for log_id, expected in sorted(replayed.late.items()):
        query = statement(settings, "late_positions", late=sources, log_id=Literal(log_id))
        found = {(row[0], row[1]) for row in bronze.execute(query)}
        differing = found ^ expected
        have, want, wrong = have + len(found), want + len(expected), wrong + len(differing)
        first = first or min(differing, default=None)
    return Check(
        "late_equal_replay",
        wrong == 0,
        have,
        want,
        f"{wrong} late records differ from a replay of bronze; the first purchase stands at {first[0]}@{first[1]}."
        if first
        else f"The {have} late records of the stream equal a replay of bronze.",
    )


def _accounting(settings: Settings, bronze: Connection[tuple[Any, ...]], replayed: Replayed) -> list[Check]:
    parts = {"purchases": statement(settings, "purchases"), "late": statement(settings, "late_sources")}
    row = bronze.execute(statement(settings, "accounting", **parts)).fetchone() or (0, 0, 0, 0)
    records, purchases, late, first_late = row
    counts = replayed.counts
    scored = counts["scored"] + counts["unscored"]
    placed = scored + late + counts["duplicate"] + counts["conflict"]
    return [
        Check(
            "records_accounted",
            placed == records,
            placed,
            records,
            f"{records} accepted records {'=' if placed == records else 'are not'} {scored} scored + {late} late + "
            f"{counts['duplicate']} duplicates + {counts['conflict']} conflicts.",
        ),
        Check(
            "purchases_accounted",
            scored + first_late == purchases,
            scored + first_late,
            purchases,
            f"{purchases} distinct purchases {'=' if scored + first_late == purchases else 'are not'} {scored} scored "
            f"+ {first_late} late when they first came.",
        ),
    ]
