"""What a change of a contract means: for producers, for consumers, and for the number."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from streamflow.contracts.versions import Level
from tests.unit.contracts_versions.version_cases import RAW, Text, contract_difference, swap, within

PRODUCERS = ("generator", "produce")
CONSUMERS = ("transaction_processor", "fraud_detector", "realtime_aggregator")

CHANNEL = "          - value: phone\n"
NEW_FIELD = """\
      - name: loyalty_id
        logicalType: string
        physicalType: string
        classification: internal
        description: Card of the loyalty programme.
servers:"""
QUALITY = """\
    quality:
      - {id: rows, name: There are some., type: library, metric: rowCount, severity: error, mustBeGreaterOrEqualTo: 1}
servers:"""


def removed(name: str) -> Text:
    """Return a change that takes a column out."""

    def change(text: str) -> str:
        start = text.index(f"      - name: {name}\n")
        end = text.find("      - name: ", start + 1)
        return text[:start] + text[end if end > 0 else text.index("servers:") :]

    return change


def both(*changes: Text) -> Text:
    """Return several changes as one."""

    def change(text: str) -> str:
        for one in changes:
            text = one(text)
        return text

    return change


class Case(NamedTuple):
    """One change of transactions.raw, and what is to be found."""

    kind: str
    change: Text
    what: str
    level: Level
    breaks: tuple[str, ...] = ()


EVERYBODY = (*PRODUCERS, *CONSUMERS)
NEEDED = "        required: true\n        classification"
OPTIONAL = "        classification"
FIELD_NEEDED = NEW_FIELD.replace(OPTIONAL, NEEDED)

TOPIC = [
    Case("removed", removed("channel"), "channel: column removed", "major", CONSUMERS),
    Case("added", swap("servers:", NEW_FIELD), "loyalty_id: optional column added (string)", "minor"),
    Case("added", swap("servers:", FIELD_NEEDED), "loyalty_id: needed column added (string)", "major", PRODUCERS),
    Case(
        "renamed",
        swap("- name: merchant_id", "- name: seller_id"),
        "merchant_id: renamed to seller_id, as it seems",
        "major",
        EVERYBODY,
    ),
    Case("tightened", within("quantity", "1000", "999"), "quantity: at most 1000 -> 999", "major", PRODUCERS),
    Case("loosened", within("quantity", "1000", "1001"), "quantity: at most 1000 -> 1001", "major", CONSUMERS),
    Case(
        "loosened",
        within("quantity", "          maximum: 1000\n", ""),
        "quantity: at most 1000 -> none",
        "major",
        CONSUMERS,
    ),
    Case(
        "tightened",
        within("utc_offset_min", "-720", "-700"),
        "utc_offset_min: at least -720 -> -700",
        "major",
        PRODUCERS,
    ),
    Case("tightened", within("channel", CHANNEL, ""), "channel: value phone removed", "major", PRODUCERS),
    Case(
        "loosened",
        within("channel", CHANNEL, CHANNEL + "          - value: kiosk\n"),
        "channel: value kiosk added",
        "major",
        CONSUMERS,
    ),
    Case("tightened", within("store_id", OPTIONAL, NEEDED), "store_id: now needed", "major", PRODUCERS),
    Case("loosened", within("currency", NEEDED, OPTIONAL), "currency: no longer needed", "major", CONSUMERS),
    Case("loosened", swap("        unique: true\n", ""), "transaction_id: no longer unique", "major", CONSUMERS),
    Case(
        "changed",
        within("currency", "^[A-Z]{3}$", "^[A-Za-z]{3}$"),
        "currency: pattern ^[A-Z]{3}$ -> ^[A-Za-z]{3}$",
        "major",
        EVERYBODY,
    ),
    Case("type", within("amount_minor", "i64", "i32"), "amount_minor: format i64 -> i32", "major", PRODUCERS),
    Case(
        "type",
        within("utc_offset_min", "logicalType: integer", "logicalType: number"),
        "utc_offset_min: type integer -> number",
        "major",
        EVERYBODY,
    ),
    Case(
        "classification",
        within("store_id", "public", "personal"),
        "store_id: classification public -> personal",
        "minor",
    ),
    Case(
        "classification",
        within("card_id", "personal", "public"),
        "card_id: classification personal -> public",
        "major",
        CONSUMERS,
    ),
    Case(
        "unit",
        within("amount_minor", "value: minor", "value: major"),
        "amount_minor: unit minor -> major",
        "major",
        EVERYBODY,
    ),
    Case("description", within("store_id", "Store that", "The store that"), "store_id: description reworded", "patch"),
    Case("key", swap("value: customer_id", "value: card_id"), "key customer_id -> card_id", "major", EVERYBODY),
    Case("topic", swap("value: setting", "value: 4"), "partitions setting -> 4", "major", EVERYBODY),
    Case("topic", swap("value: -1", "value: 86400000"), "retention_ms -1 -> 86400000", "major", CONSUMERS),
    Case("tightened", swap("value: 262144", "value: 262143"), "max_record_bytes 262144 -> 262143", "major", PRODUCERS),
    Case("loosened", swap("afterS: 300", "afterS: 301"), "event_time_window.after_s 300 -> 301", "major", CONSUMERS),
    Case("quality", swap("servers:", QUALITY), "quality rows: error added", "major", PRODUCERS),
    Case("quality", swap("servers:", QUALITY.replace("error", "warning")), "quality rows: warning added", "minor"),
    Case("sla", swap("value: 2\n    unit: s", "value: 1500\n    unit: ms"), "latency: 2 s -> 1500 ms", "minor"),
    Case("sla", swap("value: 2\n    unit: s", "value: 3\n    unit: s"), "latency: 2 s -> 3 s", "major", CONSUMERS),
    Case("sla", swap("value: unlimited", "value: 90"), "retention: unlimited d -> 90 d", "major", CONSUMERS),
    Case(
        "description",
        swap("value: 2\n    unit: s", "value: 2000\n    unit: ms"),
        "latency: the same promise in other words",
        "patch",
    ),
    Case(
        "parties",
        swap("      - realtime_aggregator\n", ""),
        "realtime_aggregator is no longer among the consumers",
        "patch",
    ),
    Case("status", swap("status: active", "status: deprecated"), "status active -> deprecated", "minor"),
    Case("status", swap("status: active", "status: retired"), "status active -> retired", "major", EVERYBODY),
    Case("wording", swap("kind:", "# A comment.\nkind:"), "only comments or layout changed", "patch"),
]


@pytest.mark.parametrize("case", TOPIC, ids=[case.what for case in TOPIC])
def test_one_change_of_a_topic_is_named_with_its_level_and_those_it_breaks(tmp_path: Path, case: Case) -> None:
    """Each change is found alone, in words, and decides the number."""
    found = contract_difference(tmp_path, RAW, case.change)
    assert [(one.kind, one.what, one.level, one.breaks) for one in found.changes] == [
        (case.kind, case.what, case.level, case.breaks)
    ]
    assert found.needed_version == {"patch": "1.0.1", "minor": "1.1.0", "major": "2.0.0"}[case.level]
    if case.level == "major":
        assert bool(found.changes[0].producers) == bool(set(case.breaks) & set(PRODUCERS))
        assert bool(found.changes[0].consumers) == bool(set(case.breaks) & set(CONSUMERS))


@pytest.mark.parametrize(
    ("name", "change", "what", "breaks"),
    [
        (
            "gold/agg_hourly_sales",
            swap("physicalType: numeric(14,2)", "physicalType: numeric(16,2)"),
            "amount_max: type numeric(14,2) -> numeric(16,2)",
            ("silver_to_gold", "verify", "analysts"),
        ),
        (
            "gold/agg_hourly_sales",
            swap("        primaryKey: true\n        primaryKeyPosition: 3\n", ""),
            "currency: place in the primary key 3 -> none",
            ("silver_to_gold", "verify", "analysts"),
        ),
        (
            "gold/fact_transactions",
            swap("        severity: error\n", "        severity: warning\n"),
            "quality natural_key: severity error -> warning",
            ("verify", "data_quality", "analysts"),
        ),
        (
            "events/reference.raw",
            swap("                store: reference/stores/1.0.0\n", ""),
            "attributes: no contract for store any more",
            ("generator",),
        ),
        (
            "events/transactions.late",
            swap("value: events/transactions.raw/1.0.0", "value: events/transactions.raw/2.0.0"),
            "purchase: the contract inside events/transactions.raw/1.0.0 -> events/transactions.raw/2.0.0",
            ("fraud_detector", "transaction_processor"),
        ),
    ],
)
def test_a_change_of_a_table_or_a_reference_names_those_it_breaks(
    tmp_path: Path, name: str, change: Text, what: str, breaks: tuple[str, ...]
) -> None:
    """Tables are held by the same rules as topics."""
    found = contract_difference(tmp_path, name, change)
    assert [one.what for one in found.changes] == [what]
    assert (found.level, found.breaks) == ("major", breaks)


def test_the_gravest_change_decides_and_stands_first(tmp_path: Path) -> None:
    """A reworded description, an optional field and a moved bound make a major version."""
    change = both(
        swap("Store that sold.", "The store that sold."),
        swap("servers:", NEW_FIELD),
        swap("maximum: 1000\n", "maximum: 999\n"),
    )
    found = contract_difference(tmp_path, RAW, change)
    assert [one.level for one in found.changes] == ["major", "minor", "patch"]
    assert (found.level, found.breaks) == ("major", PRODUCERS)
    told = "\n".join(found.lines())
    assert "breaks: generator, produce" in told
    assert "producers: records that were right may be rejected" in told


def test_a_column_in_an_array_is_compared_by_its_path(tmp_path: Path) -> None:
    """What lies inside an object or an array has a place too."""
    change = swap("description: The line in words.", "description: The line, in words.")
    found = contract_difference(tmp_path, "events/fraud-alerts", change)
    assert [(one.place, one.level) for one in found.changes] == [("lines[].sentence", "patch")]


def test_what_moved_only_in_order_is_minor(tmp_path: Path) -> None:
    """The order of columns decides which of two faults is named."""

    def change(text: str) -> str:
        start, end = text.index("      - name: latitude"), text.index("      - name: longitude")
        after = text.index("servers:")
        return text[:start] + text[end:after] + text[start:end] + text[after:]

    found = contract_difference(tmp_path, RAW, change)
    assert [(one.kind, one.level) for one in found.changes] == [("reordered", "minor")]


def test_the_same_contract_under_another_number_says_nothing_new(tmp_path: Path) -> None:
    """There is nothing to release then."""
    found = contract_difference(tmp_path, RAW, str)
    assert (found.changes, found.level, found.needed_version) == ((), None, None)
    assert found.lines() == [f"{RAW}/1.0.0 -> {RAW}/2.0.0: nothing changed."]
