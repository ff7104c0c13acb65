"""Laws of the three ways through the validator: a way that accepts a record says what the judge says of it.

The reason that a way hands a record on is no matter; so the whole validator, one without its first way and one with the
last alone must give equal verdicts: reason, sentence, record, event time and versions.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamflow.contracts import Verdict
from streamflow.contracts.corpus import corpus, message
from streamflow.contracts.dataset import Dataset
from streamflow.contracts.names import TRANSACTIONS_RAW
from tests.property.test_contract_agreement import AT_EASE, CATALOGUE, spoiled
from tests.unit.contracts.contract_cases import NOW_MS, PURCHASE, encode, fewer_ways, purchase, validator

TOPICS = [topic for topic in CATALOGUE.topics() if topic.topic is not None and topic.topic.payload == "json"]
PLAIN = purchase()
WENT: Counter[str] = Counter()


def same(topic: str, key: bytes | None, body: bytes | None, kafka_ms: int) -> Verdict:
    """Return the verdict that all three validators give, and count which way gave it."""
    verdict = validator()(topic, key, body, kafka_ms)
    for fewer in fewer_ways():
        assert fewer(topic, key, body, kafka_ms) == verdict, body
    typed = validator()._typed.get(topic)
    if verdict.reason is None and typed is not None and body is not None:
        WENT["first" if typed(body, key, kafka_ms) is not None else "later"] += 1
    return verdict


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_row_of_the_corpus_has_one_verdict_by_every_way(topic: Dataset) -> None:
    """At, inside and outside every bound, and the rows whose text is the point."""
    rows = corpus(topic, CATALOGUE)
    before = WENT["first"]
    for row in rows:
        assert (same(topic.topic_name, *message(topic, row)).reason or "") == row.reason, row.label
    assert len(rows) > 60
    if topic.topic_name == TRANSACTIONS_RAW:
        assert WENT["first"] - before > 40


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
@AT_EASE
@given(data=st.data())
def test_whatever_is_drawn_has_one_verdict_by_every_way(topic: Dataset, data: st.DataObject) -> None:
    """Records of which up to three fields are junk, null or gone, written with blanks and without."""
    drawn: dict[str, Any] = data.draw(spoiled(topic))
    field = topic.topic.key_field if topic.topic else None
    key = str(drawn.get(field or "")).encode("utf-8", "replace")
    separators = data.draw(st.sampled_from([(",", ":"), (", ", ": ")]))
    body = json.dumps(drawn, separators=separators, ensure_ascii=data.draw(st.booleans())).encode()
    same(topic.topic_name, key, body, NOW_MS)


NUMBERS = st.one_of(
    st.floats(-90, 90).map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.builds("{}{}e{}".format, st.integers(-9, 9), st.sampled_from(["", ".5", ".000"]), st.integers(-900, 900)),
    st.builds(
        lambda zeros, over: f"1{'0' * zeros}e{over - zeros}", st.integers(0, 1_200), st.sampled_from([-400, -1, 0, 1])
    ),
    st.builds(lambda degrees, zeros: f"{degrees}.{'0' * zeros}1", st.sampled_from([0, 52]), st.integers(0, 9_000)),
    st.sampled_from(["0", "-0", "0.0", "-0.0", "0e-399", "0e-401", "1e0000001", "1e-0000001", "0e0000001", "00", "1."]),
)


@AT_EASE
@given(field=st.sampled_from(["latitude", "amount_minor", "quantity", "note"]), text=NUMBERS)
def test_a_number_has_one_verdict_however_it_is_written(field: str, text: str) -> None:
    """Long texts, far exponents, zeros: the fast ways see values, the reader sees texts."""
    others = {key: value for key, value in PURCHASE.items() if key != field}
    same(TRANSACTIONS_RAW, b"c-00042", encode(others)[:-1] + f',"{field}":{text}}}'.encode(), NOW_MS)


SIGNS = st.sampled_from([bytes([code]) for code in b'",:{}[] \\+\n\x00'])
PIECES = st.sampled_from(
    [b'\\"', b"\\u0041", b"\xc3\xa9", b"null", b'"store_id":"s-03",', b'"x":1,', b',"x":"y"', b'","', b'":"']
)


@AT_EASE
@given(
    edits=st.lists(
        st.tuples(st.integers(0, len(PLAIN)), st.integers(0, 3), SIGNS | PIECES | st.binary(max_size=1)), max_size=3
    )
)
def test_a_damaged_text_has_one_verdict_by_every_way(edits: list[tuple[int, int, bytes]]) -> None:
    """Quotes, commas and braces put where they break, or seem to keep, the shape of a record."""
    body = PLAIN
    for place, gone, put in edits:
        body = body[:place] + put + body[place + gone :]
    same(TRANSACTIONS_RAW, b"c-00042", body, NOW_MS)


def test_the_first_way_was_gone_often() -> None:
    """Otherwise the laws above would hold of nothing."""
    if WENT["later"] < 40:
        pytest.skip("not every law was tried in this run")
    assert WENT["first"] > 60
