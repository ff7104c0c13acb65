"""Replay: stored bytes through the real validator and the engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from streamflow.contracts import Catalogue, Validator, build_validator
from streamflow.contracts.rule_sets import load_horizons, load_rule_set
from streamflow.contracts.timestamps import format_us
from streamflow.errors import StreamFlowError
from streamflow.replay.engine import LogRecord, replay
from streamflow.rules.book import RuleBook
from streamflow.rules.engine import Engine
from streamflow.rules.model import LatePurchase, Outcome, Purchase, canonical_decision_bytes
from streamflow.settings import settings

START_US = 1_772_442_000_000_000
SECOND_US = 1_000_000


@pytest.fixture(scope="module")
def validator() -> Validator:
    """The validator that the jobs run."""
    return build_validator(Catalogue.load(settings().contracts_dir), "USD")


def engine(since: str = "1970-01-01T00:00:00Z") -> Engine:
    """Return an engine with rule set 1.0.0 live from `since`."""
    record = {
        "kind": "rule_set",
        "version": "1.0.0",
        "effective_from": since,
        "role": "live",
        "rule_set": load_rule_set("1.0.0").payload(),
    }
    return Engine(RuleBook.from_records([record]), load_horizons())


def body(customer: str, transaction: str, second: float, **fields: Any) -> bytes:
    """Return the bytes of a purchase some seconds after the start."""
    record = {
        "schema_version": "1.0.0",
        "transaction_id": transaction,
        "customer_id": customer,
        "event_timestamp": format_us(START_US + int(second * SECOND_US)),
        "amount_minor": 1000,
        "currency": "USD",
    }
    return json.dumps(record | fields).encode()


def log(*bodies: bytes | None, partition: int = 0, key: bytes | None = b"anna") -> list[LogRecord]:
    """Return records at ascending offsets, sent ten minutes after the start."""
    sent_ms = START_US // 1000 + 600_000
    return [LogRecord(partition, offset, key, data, sent_ms) for offset, data in enumerate(bodies)]


def mixed() -> list[LogRecord]:
    """Return a burst, a record out of order, late, twice, in conflict and broken ones."""
    burst = [body("anna", f"t{n}", 100 + n) for n in range(6)]
    return log(
        *burst,
        body("anna", "early", 99),
        body("anna", "late", 10),
        burst[0],
        body("anna", "t0", 100, amount_minor=1),
        b"{",
        None,
        body("anna", "wrong", 100, amount_minor=-1),
    )


def test_every_record_is_accounted_for(validator: Validator) -> None:
    """Records read are scored, late, duplicates, conflicts, unscored or rejected; nothing else."""
    result = replay(mixed(), validator, engine())
    assert (result.scored, result.late, result.duplicates, result.conflicts, result.unscored) == (7, 1, 1, 1, 0)
    assert result.rejected == {"not_json": 1, "null_value": 1, "out_of_range": 1}
    assert result.records == result.dispositions.total() + result.rejected.total() == 13


def test_the_final_decision_is_the_one_sent_last(validator: Validator) -> None:
    """The record out of order makes the burst's last two alerts; the first of them is sent once, the last twice."""
    result = replay(mixed(), validator, engine())
    assert {key[1]: item.revision for key, item in result.alerts.items()} == {"t4": 0, "t5": 1}
    assert result.standing == result.alerts == result.decisions
    assert (result.sent, result.alerts_by_rule()) == (3, {"velocity": 2})


def test_replaying_twice_gives_the_same_bytes(validator: Validator) -> None:
    """Whether states are kept as objects or encoded after every customer."""
    records = [
        record._replace(offset=offset)
        for offset, record in enumerate(
            LogRecord(0, 0, f"c{n % 7}".encode(), body(f"c{n % 7}", f"t{n}", n), START_US // 1000 + 600_000)
            for n in range(120)
        )
    ]
    once, again = (replay(records, validator, engine(), hot_customers=hot) for hot in (1, 50_000))
    assert once.decisions
    assert once == again
    written = [item.canonical_bytes() for item in once.decisions.values()]
    assert written == [canonical_decision_bytes(item.payload()) for item in again.decisions.values()]


def test_decisions_and_late_records_keep_their_contracts(validator: Validator) -> None:
    """What the engine writes, the validator of its topics accepts, without an unknown field."""
    result = replay(mixed(), validator, engine())
    sent_ms = START_US // 1000 + 600_000
    assert len(result.decisions) == 2
    for decision in result.decisions.values():
        for topic, payload in (("fraud-decisions", decision.payload()), ("fraud-alerts", decision.alert_payload())):
            verdict = validator(topic, decision.customer_id.encode(), json.dumps(payload).encode(), sent_ms)
            assert (verdict.reason, verdict.detail, verdict.status) == (None, "", "accepted")


def test_partitions_may_be_read_one_after_the_other_or_interleaved(validator: Validator) -> None:
    """A customer lies in one partition, so the order of partitions is irrelevant."""
    left = [record._replace(key=b"anna") for record in mixed()]
    right = log(*(body("berta", f"t{n}", 100 + n) for n in range(8)), partition=1, key=b"berta")
    interleaved = sorted([*left, *right], key=lambda record: record.offset)
    apart = replay([*right, *left], validator, engine())
    assert apart.decisions == replay(interleaved, validator, engine()).decisions
    assert len(apart.alerts) == 5


def test_offsets_that_do_not_ascend_are_an_error(validator: Validator) -> None:
    """A replay in another order than the log's would be of another log."""
    records = log(body("anna", "a", 1), body("anna", "b", 2))
    with pytest.raises(StreamFlowError, match="Partition 0 is not in offset order: 0 comes after 1"):
        replay(reversed(records), validator, engine())


def test_a_caller_sees_every_outcome_with_its_purchase_as_it_streams(validator: Validator) -> None:
    """In order, without the replay holding them."""
    seen: list[tuple[str, str]] = []

    def note(purchase: Purchase, outcome: Outcome) -> None:
        seen.append((purchase.transaction_id, outcome.kind))
        if isinstance(outcome, LatePurchase):
            assert outcome.position.offset == 7

    def stream() -> Iterator[LogRecord]:
        yield from mixed()

    replay(stream(), validator, engine(), note)
    assert seen[5:] == [
        ("t5", "scored"),
        ("t5", "decided"),
        ("early", "scored"),
        ("early", "decided"),
        ("early", "decided"),
        ("late", "late"),
        ("t0", "duplicate"),
        ("t0", "conflict"),
    ]


def test_purchases_before_the_first_rule_set_are_counted_as_unscored(validator: Validator) -> None:
    """They neither vanish nor count as scored."""
    since = format_us(START_US + 102 * SECOND_US)
    result = replay(mixed(), validator, engine(since))
    assert (result.scored, result.unscored) == (4, 3)


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ({"latitude": 10, "longitude": 5.5}, {"longitude": 5.50, "latitude": 10.0}, "duplicate"),
        ({"note": {"a": [1.0, 2]}}, {"note": {"a": [1, 2.0]}}, "duplicate"),
        ({"note": "x"}, {"note": "y"}, "conflict"),
        ({"note": True}, {"note": 1}, "conflict"),
        ({"quantity": 1}, {}, "conflict"),
    ],
)
def test_content_is_equal_when_its_json_values_are(
    validator: Validator, one: dict[str, Any], other: dict[str, Any], kind: str
) -> None:
    """Order of keys and spelling of numbers do not count; unknown fields do."""
    result = replay(log(body("anna", "t", 1, **one), body("anna", "t", 1, **other)), validator, engine())
    assert result.dispositions == {"scored": 1, kind: 1}
