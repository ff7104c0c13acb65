"""Each way to break a record has the reason that the contract gives."""

from __future__ import annotations

import pytest

from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.names import REASONS, TRANSACTIONS_RAW
from streamflow.generator.faults import BASE_MS, HOSTILE, SENDABLE, Hostile
from tests.unit.generator.worlds import CONTRACTS

VALIDATOR = build_validator(Catalogue.load(CONTRACTS), "USD")


@pytest.mark.parametrize("hostile", HOSTILE, ids=[hostile.name for hostile in HOSTILE])
def test_the_contract_answers_as_the_table_says(hostile: Hostile) -> None:
    """Accepted ones too: an unknown field, and the same id twice."""
    stamp = BASE_MS + hostile.kafka_ts_offset_ms
    verdict = VALIDATOR(TRANSACTIONS_RAW, hostile.key, hostile.body, stamp)
    assert verdict.reason == hostile.expected_reason, verdict.detail


def test_the_table_covers_every_reason_that_a_purchase_can_have() -> None:
    """All but unknown_topic, which no record of a known topic has."""
    assert {hostile.expected_reason for hostile in HOSTILE} - {None} == set(REASONS) - {"unknown_topic"}
    assert len(HOSTILE) >= 40


def test_a_run_can_send_every_reason() -> None:
    """Its broken records are taken from the same table."""
    assert {case.reason for case in SENDABLE} == set(REASONS) - {"unknown_topic"}
