"""The record validator: every hostile input has its reason, nothing raises, fast and slow ways agree."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamflow.contracts import build_validator
from streamflow.contracts.dataset import build_dataset
from streamflow.contracts.engines.json_strict import MAX_DEPTH, prove, read
from streamflow.contracts.engines.typed import compile_typed
from streamflow.contracts.examples import example_files, try_examples
from streamflow.contracts.names import FRAUD_RULES, REASONS, REFERENCE_RAW, SOURCE_TOPICS, TRANSACTIONS_RAW
from streamflow.contracts.strict import read_yaml
from streamflow.contracts.timestamps import parse_us
from tests.unit.contracts.contract_cases import (
    NOW_MS,
    PURCHASE,
    catalogue,
    encode,
    fewer_ways,
    judge,
    purchase,
    validator,
)

DAY_MS = 86_400_000
PLAIN = purchase()


def _with(text: str) -> bytes:
    """Return a purchase with the JSON text of one more field."""
    return PLAIN[:-1] + b',"note":' + text.encode("utf-8", "surrogatepass") + b"}"


def _amount(text: str) -> bytes:
    return PLAIN.replace(b'"amount_minor":1999', b'"amount_minor":' + text.encode())


def test_a_right_purchase_is_accepted_with_its_event_time() -> None:
    """The verdict carries the record, its time in microseconds and the versions."""
    verdict = judge(PLAIN)
    assert (verdict.reason, verdict.status, verdict.detail) == (None, "accepted", "")
    assert verdict.record == PURCHASE
    assert verdict.event_time_us == parse_us("2026-03-01T09:15:02.125Z")
    assert (verdict.schema_version, verdict.contract_version) == ("1.0.0", "1.0.0")


HOSTILE: list[tuple[str, bytes | None, str]] = [
    ("null value", None, "null_value"),
    ("empty", b"", "empty_value"),
    ("blank", b" \n\t", "empty_value"),
    ("not UTF-8", PLAIN.replace(b"USD", b"\xff\xfe\xfd"), "not_utf8"),
    ("a surrogate in raw bytes", PLAIN.replace(b"USD", b"\xed\xa0\x80"), "not_utf8"),
    ("UTF-16", PLAIN.decode().encode("utf-16"), "not_utf8"),
    ("byte order mark", b"\xef\xbb\xbf" + PLAIN, "not_json"),
    ("not JSON", b"amount=1999", "not_json"),
    ("cut off", PLAIN[:-1], "not_json"),
    ("trailing text", PLAIN + b"x", "not_json"),
    ("two records", PLAIN + b"\n" + PLAIN, "not_json"),
    ("single quotes", PLAIN.replace(b'"', b"'"), "not_json"),
    ("raw control character", _with('"a\x01b"'), "not_json"),
    ("leading zero", _amount("01999"), "not_json"),
    ("hexadecimal", _amount("0x10"), "not_json"),
    ("a list", b"[" + PLAIN + b"]", "not_object"),
    ("a number", b"7", "not_object"),
    ("null inside", b"null", "not_object"),
    ("missing field", encode({k: v for k, v in PURCHASE.items() if k != "currency"}), "missing_field"),
    ("null where required", purchase(customer_id=None), "missing_field"),
    ("wrong type", purchase(quantity="2"), "wrong_type"),
    ("a list for a text", purchase(store_id=["s-03"]), "wrong_type"),
    ("an object for a number", purchase(latitude={}), "wrong_type"),
    ("true for a number", purchase(quantity=True), "wrong_type"),
    ("amount as text", purchase(amount_minor="1999"), "wrong_type"),
    ("amount as 1e2", _amount("1e2"), "wrong_type"),
    ("amount as 100.0", _amount("100.0"), "wrong_type"),
    ("NaN", _amount("NaN"), "number_out_of_range"),
    ("Infinity", _amount("Infinity"), "number_out_of_range"),
    ("minus Infinity in an unknown field", _with("-Infinity"), "number_out_of_range"),
    ("amount 0", purchase(amount_minor=0), "out_of_range"),
    ("amount -1", purchase(amount_minor=-1), "out_of_range"),
    ("amount over the limit", purchase(amount_minor=10_000_000_001), "out_of_range"),
    ("amount of 40 digits", _amount("9" * 40), "number_out_of_range"),
    ("amount of 5,000 digits", _amount("9" * 5000), "number_out_of_range"),
    ("amount 1e999999", _amount("1e999999"), "number_out_of_range"),
    ("64 bits exceeded in an unknown field", _with("9223372036854775808"), "number_out_of_range"),
    ("1e400 in an unknown field", _with("[1e400]"), "number_out_of_range"),
    ("1e-20000 in an unknown field", _with("1e-20000"), "number_out_of_range"),
    ("0e-99999 in an unknown field", _with("0e-99999"), "number_out_of_range"),
    ("1e-20000 degrees", PLAIN.replace(b"52.52", b"1e-20000"), "number_out_of_range"),
    ("0.000...1 with 20,000 digits", _with("0." + "0" * 20_000 + "1"), "number_out_of_range"),
    ("a huge exponent of many digits", _with("1e" + "9" * 5000), "number_out_of_range"),
    ("currency in small letters", purchase(currency="usd"), "bad_pattern"),
    ("unknown currency", purchase(currency="XXX"), "unsupported_currency"),
    ("unknown channel", purchase(channel="carrier pigeon"), "not_in_enum"),
    ("unknown schema_version", purchase(schema_version="2.0.0"), "unknown_schema_version"),
    ("schema_version as a list", purchase(schema_version=["1.0.0"]), "wrong_type"),
    ("time without zone", purchase(event_timestamp="2026-03-01T09:15:02.125"), "bad_timestamp"),
    ("time with a blank", purchase(event_timestamp="2026-03-01 09:15:02Z"), "bad_timestamp"),
    ("time as a week", purchase(event_timestamp="2026-W09-7T09:15:02Z"), "bad_timestamp"),
    ("leap second", purchase(event_timestamp="2026-03-01T09:15:60Z"), "bad_timestamp"),
    ("Arabic digits", purchase(event_timestamp="٢٠٢٦-03-01T09:15:02Z"), "bad_timestamp"),
    ("time in 1970", purchase(event_timestamp="1970-01-01T00:00:00Z"), "event_time_out_of_range"),
    ("time in 2099", purchase(event_timestamp="2099-01-01T00:00:00Z"), "event_time_out_of_range"),
    ("time in the year 1", purchase(event_timestamp="0001-01-01T00:00:00Z"), "event_time_out_of_range"),
    ("time before the year 1", purchase(event_timestamp="0001-01-01T00:00:00+14:00"), "bad_timestamp"),
    ("id too long", purchase(transaction_id="t" * 65), "bad_length"),
    ("id empty", purchase(store_id=""), "bad_length"),
    ("id with a slash", purchase(store_id="a/b"), "bad_pattern"),
    ("id with a final newline", purchase(customer_id="c-00042\n"), "bad_pattern"),
    ("id in Greek", purchase(device_id="αβγ"), "bad_pattern"),
    ("escaped NUL", _with('"a\\u0000b"'), "bad_string"),
    ("escaped NUL in a key", PLAIN[:-1] + b',"a\\u0000":1}', "bad_string"),
    ("escaped NUL inside a list", _with('[["\\u0000"]]'), "bad_string"),
    ("lone surrogate", _with('"\\ud800"'), "bad_string"),
    ("lone low surrogate in a key", PLAIN[:-1] + b',"\\udc00":1}', "bad_string"),
    ("1 MB", _with('"' + "x" * 1_000_000 + '"'), "too_large"),
    ("one byte too many", _with('"' + "x" * (262_145 - len(PLAIN) - 10) + '"'), "too_large"),
    ("1,000 levels", _with("[" * 1000 + "]" * 1000), "too_deep"),
    ("100,000 levels", b"[" * 100_000 + b"]" * 100_000, "too_deep"),
    ("33 levels", _with("[" * MAX_DEPTH + "]" * MAX_DEPTH), "too_deep"),
    ("duplicate key", PLAIN[:-1] + b',"amount_minor":1}', "duplicate_key"),
    ("duplicate key, equal value", PLAIN[:-1] + b',"amount_minor":1999}', "duplicate_key"),
    ("duplicate key, written by an escape", PLAIN[:-1] + b',"\\u0061mount_minor":1}', "duplicate_key"),
    ("duplicate key inside an unknown field", _with('{"a":1,"a":2}'), "duplicate_key"),
]


@pytest.mark.parametrize(("body", "reason"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_each_hostile_record_is_rejected_for_its_own_reason(body: bytes | None, reason: str) -> None:
    """The issue's list of bad input, and what lies around it."""
    verdict = judge(body)
    assert verdict.reason == reason, verdict.detail
    assert verdict.status == "rejected"
    assert (verdict.record, verdict.event_time_us, verdict.contract_version) == (None, None, "1.0.0")
    assert verdict.detail.endswith(".")


def test_every_reason_of_the_vocabulary_is_reached() -> None:
    """Key, topic and the table above use every word that the contract owns."""
    reached: set[str | None] = {reason for _, _, reason in HOSTILE}
    reached |= {judge(PLAIN, key=b"c-1").reason, validator()("no.such.topic", b"", b"", 0).reason}
    assert reached == set(REASONS)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (purchase(campaign="spring"), "accepted_unknown_fields"),
        (purchase(note={"a": [1, 2.5, None, True, "x"]}), "accepted_unknown_fields"),
        (_with('"a\\"b\\\\u0000"'), "accepted_unknown_fields"),
        (_with('"\\ud83d\\ude00"'), "accepted_unknown_fields"),
        (_with("[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)), "accepted_unknown_fields"),
        (_with('"' + "x" * (262_144 - len(PLAIN) - 10) + '"'), "accepted_unknown_fields"),
        (_with("9223372036854775807"), "accepted_unknown_fields"),
        (_with("1e-300"), "accepted_unknown_fields"),
        (purchase(store_id=None, latitude=None), "accepted"),
        (purchase(latitude=0.0, longitude=-180), "accepted"),
        (purchase(amount_minor=10_000_000_000), "accepted"),
        (purchase(event_timestamp="2026-03-01T23:15:02+14:00"), "accepted"),
        (b"\n " + PLAIN + b"\r\n", "accepted"),
        (PLAIN.replace(b'"web"', b'"we\\u0062"'), "accepted"),
    ],
)
def test_what_is_odd_but_right_is_accepted(body: bytes, status: str) -> None:
    """Unknown fields are kept and noted; escapes, bounds and blanks are no faults."""
    verdict = judge(body)
    assert (verdict.reason, verdict.status) == (None, status), verdict.detail
    assert verdict.record == json.loads(body)


@pytest.mark.parametrize(
    ("now_ms", "reason"),
    [
        (NOW_MS, None),
        (NOW_MS - 300_000 - 875, None),
        (NOW_MS - 300_000 - 876, "event_time_out_of_range"),
        (NOW_MS + 7 * DAY_MS - 875, None),
        (NOW_MS + 7 * DAY_MS - 874, "event_time_out_of_range"),
        (-1, "event_time_out_of_range"),
        (2**63 - 1, "event_time_out_of_range"),
    ],
)
def test_the_event_time_window_ends_at_five_minutes_ahead_and_seven_days_behind(
    now_ms: int, reason: str | None
) -> None:
    """Both ends belong to the window; the purchase was made 875 ms before NOW_MS."""
    assert judge(PLAIN, now_ms=now_ms).reason == reason
    assert judge(purchase(extra=1), now_ms=now_ms).reason == reason


@pytest.mark.parametrize("key", [None, b"", b"c-1", b"c-00042 ", b"\xff"])
def test_a_key_that_is_not_the_customer_is_a_dead_letter(key: bytes | None) -> None:
    """Otherwise one customer's purchases could lie in two partitions."""
    assert judge(PLAIN, key=key).reason == "key_mismatch"


def test_a_detail_names_the_field_and_never_a_value() -> None:
    """Details are read by people who may not see personal data."""
    for field in ("card_id", "device_id", "customer_id", "merchant_id"):
        verdict = judge(purchase(**{field: "4111 1111 1111 1111"}))
        assert field in verdict.detail
        assert "4111" not in verdict.detail


def test_a_rule_set_and_a_blacklist_entry_have_keys_of_their_own() -> None:
    """The key of fraud-rules is made from the record, so that compaction keeps the newest of each."""
    files = example_files(catalogue().topic(FRAUD_RULES), "valid")
    records = {path.stem: json.loads(path.read_text()) for path in files}
    for stem, key in (("rule_set", b"rule_set/1.0.0"), ("blacklist", b"blacklist/bl-17")):
        assert validator()(FRAUD_RULES, key, encode(records[stem]), NOW_MS).reason is None
        assert validator()(FRAUD_RULES, b"rule_set/2.0.0", encode(records[stem]), NOW_MS).reason == "key_mismatch"


def test_attributes_are_checked_against_the_contract_of_their_entity() -> None:
    """A store without a city is rejected, and the sentence says where."""
    record: dict[str, Any] = {
        "schema_version": "1.0.0",
        "entity": "store",
        "member_id": "s-03",
        "valid_from": "2026-03-01T00:00:00Z",
        "attributes": {"name": "Mitte", "country": "DE"},
    }
    verdict = validator()(REFERENCE_RAW, b"s-03", encode(record), NOW_MS)
    assert verdict.reason == "missing_field"
    assert verdict.detail == "In 'attributes': The field 'city' is missing."


def test_every_valid_example_passes_and_every_invalid_one_fails_for_its_reason() -> None:
    """Examples of every contract; the counts prove that they were tried."""
    tried = try_examples(catalogue())
    assert tried.faults == []
    assert (tried.valid, tried.invalid) == tuple(
        sum(len(example_files(dataset, kind)) for dataset in catalogue().datasets()) for kind in ("valid", "invalid")
    )
    assert tried.valid >= 80
    assert tried.invalid >= 240


def test_another_currency_or_contract_is_another_build() -> None:
    """Jobs compare build ids before they run together."""
    assert build_validator(catalogue(), "USD").build_id == validator().build_id
    assert build_validator(catalogue(), "EUR").build_id != validator().build_id


def test_another_base_currency_accepts_its_own_purchases_only() -> None:
    """The currency is a setting, not a constant of the contract."""
    euros = build_validator(catalogue(), "EUR")
    assert euros(TRANSACTIONS_RAW, b"c-00042", purchase(currency="EUR"), NOW_MS).reason is None
    assert euros(TRANSACTIONS_RAW, b"c-00042", PLAIN, NOW_MS).reason == "unsupported_currency"


def test_what_one_record_cannot_answer_is_named() -> None:
    """Uniqueness and the bytes of dead letters are left to others, in words."""
    kinds = {(left.check.kind, left.reason) for left in validator().untranslated}
    assert ("unique", "one record cannot show that a value is unique") in kinds
    assert all(reason for _, reason in kinds)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=6,
)


@settings(deadline=None)
@given(topic=st.sampled_from(SOURCE_TOPICS), key=st.none() | st.binary(max_size=8), body=st.none() | st.binary())
def test_no_bytes_whatever_make_it_raise(topic: str, key: bytes | None, body: bytes | None) -> None:
    """Any bytes have a verdict."""
    assert validator()(topic, key, body, NOW_MS).status in ("accepted", "accepted_unknown_fields", "rejected")


@settings(max_examples=150, deadline=None)
@given(
    topic=st.sampled_from(SOURCE_TOPICS), changes=st.dictionaries(st.sampled_from(sorted(PURCHASE)), JSON), extra=JSON
)
def test_no_json_whatever_makes_it_raise_and_accepted_records_read_alike(
    topic: str, changes: dict[str, Any], extra: Any
) -> None:
    """Records with any values in any field: a verdict, and the slow reader agrees with the fast one."""
    body = json.dumps({**PURCHASE, **changes, "extra": extra}).encode()
    verdict = validator()(topic, b"c-00042", body, NOW_MS)
    assert verdict.reason is None or verdict.reason in REASONS
    if verdict.reason is None:
        assert read(body) == (verdict.record, None)


@settings(max_examples=150, deadline=None)
@given(cut=st.integers(0, len(PLAIN)), byte=st.integers(0, 255), drop=st.integers(0, 3))
def test_a_damaged_record_is_never_accepted_as_something_else(cut: int, byte: int, drop: int) -> None:
    """One byte put in or bytes cut out: whatever is accepted reads the same the strict way."""
    body = PLAIN[:cut] + bytes([byte]) + PLAIN[cut + drop :]
    verdict = judge(body)
    if verdict.reason is None:
        assert read(body) == (verdict.record, None)


@settings(deadline=None)
@given(value=JSON)
def test_a_proof_counts_exactly_the_quotes_of_a_record_without_escapes(value: Any) -> None:
    """`prove` is the argument that no key stood twice; it must count keys and strings at every depth."""
    text = json.dumps({"a": value}, ensure_ascii=False)
    found = prove(json.loads(text))
    if found >= 0 and "\\" not in text:
        assert found * 2 == text.count('"')


def test_every_way_gives_the_same_verdict() -> None:
    """Every hostile record and every bound, by all three ways, by the last two and by the last alone."""
    bodies = [row[1] for row in HOSTILE] + [PLAIN, purchase(store_id=None), purchase(x=1), purchase(latitude=90)]
    for body in bodies:
        verdict = judge(body)
        for fewer in fewer_ways():
            assert fewer(TRANSACTIONS_RAW, b"c-00042", body, NOW_MS) == verdict


@pytest.mark.parametrize(
    ("body", "way"),
    [
        (PLAIN, 1),
        (purchase(store_id=None, quantity=1000), 1),
        (encode({key: value for key, value in PURCHASE.items() if key not in ("latitude", "longitude")}), 1),
        (json.dumps(PURCHASE).encode(), 2),
        (purchase(event_timestamp="2026-03-01T10:15:02.125+01:00"), 2),
        (purchase(latitude=0), 2),
        (purchase(campaign="spring"), 2),
        (purchase(latitude=0.0), 3),
        (_with('"a\\u0062"'), 3),
    ],
)
def test_a_record_goes_the_first_way_that_can_tell(body: bytes, way: int) -> None:
    """What senders write goes the first way; blanks, offsets, zeros and unknown fields need another."""
    every = [validator(), *fewer_ways()]
    typed = every[0]._typed[TRANSACTIONS_RAW](body, b"c-00042", NOW_MS)
    proven = every[1]._prove(TRANSACTIONS_RAW, b"c-00042", body, NOW_MS) if b"\\u" not in body else None
    went = 1 if typed is not None else 2 if proven is not None else 3
    assert (went, judge(body).reason) == (way, None)


@pytest.mark.parametrize(
    ("pattern", "store", "first"),
    [("^[0-9]+$", "s-03", False), ("^[0-9]+$", "03", True), ("^s-[0-9]+$", "s-03", True), ("^s-[0-9]+$", "s-x", False)],
)
def test_a_column_of_other_letters_is_matched_by_itself(pattern: str, store: str, first: bool) -> None:
    """The shape shows the letters of most columns; a column with fewer, or with a form, needs its own pattern."""
    document = read_yaml(catalogue().topic(TRANSACTIONS_RAW).path)
    for one in document.data["schema"][0]["properties"]:
        if one["name"] == "store_id":
            one["logicalTypeOptions"]["pattern"] = pattern
    typed = compile_typed(build_dataset("events", document, ""), {"base_currency": "USD"})
    assert typed is not None
    assert (typed(purchase(store_id=store), b"c-00042", NOW_MS) is not None) is first
    assert typed(purchase(store_id=None), b"c-00042", NOW_MS) is not None


def test_a_record_is_made_once_and_keeps_what_was_written() -> None:
    """Whole degrees stay whole, nulls stay, and asking twice gives the same object."""
    verdict = judge(purchase(latitude=52, longitude=None))
    assert verdict.record is verdict.record
    assert verdict.record == {**PURCHASE, "latitude": 52, "longitude": None}
    assert isinstance((verdict.record or {})["latitude"], int)
    assert verdict == judge(purchase(latitude=52, longitude=None))
    assert verdict != judge(purchase(latitude=51, longitude=None))
