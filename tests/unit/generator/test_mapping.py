"""A mapping says what a user's columns mean; mistakes in it are one sentence, odd values are never dropped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from streamflow.contracts import Catalogue
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.errors import InputError
from streamflow.generator.cells import Row
from streamflow.generator.mapping import Mapped, Mapping, load_mapping
from streamflow.generator.readings import Money, parse_minor
from tests.unit.generator.worlds import CONTRACTS

CONTRACT = Catalogue.load(CONTRACTS).topic(TRANSACTIONS_RAW)
SHIPPED = CONTRACTS.parent / "data" / "mappings"
PLAIN: dict[str, Any] = {
    "timezone": "Europe/Berlin",
    "fields": {
        "transaction_id": {"row_number": "t-"},
        "customer_id": {"column": "who"},
        "event_timestamp": {"column": "when"},
        "amount_minor": {"column": "how much"},
        "currency": {"constant": "USD"},
    },
}
COLUMNS = ["who", "when", "how much", "Is Fraud?"]


def mapping(tmp_path: Path, **changes: Any) -> Mapping:
    """Return a mapping with changed parts; `fields` are merged, a field of None is removed."""
    fields = {**PLAIN["fields"], **changes.pop("fields", {})}
    document = {**PLAIN, **changes, "fields": {name: field for name, field in fields.items() if field is not None}}
    path = tmp_path / "map.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    return load_mapping(path, CONTRACT)


def read(tmp_path: Path, cells: list[str], **changes: Any) -> Mapped:
    """Return one row, read."""
    return mapping(tmp_path, **changes).reader(COLUMNS, Path("own.csv"))(Row(cells), 1)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_mapping_loads(path: Path) -> None:
    """The examples are right by the contract."""
    assert load_mapping(path, CONTRACT).columns


@pytest.mark.parametrize(
    ("text", "money", "minor"),
    [
        ("$134.09", Money(symbols="$"), 13409),
        ("$1,234.56", Money(symbols="$", thousands=","), 123456),
        ("-$99.00", Money(symbols="$"), -9900),
        ("$-99.00", Money(symbols="$"), -9900),
        ("(12.00)", Money(), -1200),
        ("1.234,56 \u20ac", Money(symbols="\u20ac", thousands=".", decimal=","), 123456),
        ("12", Money(), 1200),
        ("12.5", Money(), 1250),
        ("1e3", Money(), 100_000),
        ("1234", Money(unit="minor"), 1234),
        ("500", Money(digits=0), 500),
        ("0", Money(), 0),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, money: Money, minor: int) -> None:
    """Exactly, without floating point."""
    assert parse_minor(text, money) == (minor, False)


@pytest.mark.parametrize("text", ["", "free", "NaN", "Infinity", "1,234.56", "12.34.56", "1e999999", "--5"])
def test_what_is_no_amount_is_none(text: str) -> None:
    """A thousands separator that nobody announced is a mistake, not a decimal point."""
    assert parse_minor(text, Money()) is None


def test_digits_beyond_the_currency_are_rounded_half_even_and_told() -> None:
    """Never in silence."""
    assert parse_minor("0.125", Money()) == (12, True)
    assert parse_minor("0.135", Money()) == (14, True)


def test_a_local_time_becomes_utc_and_its_offset_is_kept(tmp_path: Path) -> None:
    """Berlin is two hours ahead in summer, one in winter."""
    summer = read(tmp_path, ["anna", "2024-07-01 12:00:00", "5.00", "No"])
    winter = read(tmp_path, ["anna", "2024-01-01 12:00:00", "5.00", "No"])
    assert summer.record["event_timestamp"] == "2024-07-01T10:00:00.000000Z"
    assert (summer.record["utc_offset_min"], winter.record["utc_offset_min"]) == (120, 60)
    assert winter.event_us == 1_704_106_800_000_000


def test_a_time_with_a_zone_needs_no_mapping_of_it(tmp_path: Path) -> None:
    """Its own zone wins."""
    mapped = read(tmp_path, ["anna", "2024-07-01T12:00:00-05:00", "5.00", "No"])
    assert mapped.record["event_timestamp"] == "2024-07-01T17:00:00.000000Z"
    assert mapped.record["utc_offset_min"] == -300


def test_a_time_without_any_zone_goes_out_as_it_came(tmp_path: Path) -> None:
    """The contract then says bad_timestamp; nobody guesses."""
    mapped = read(tmp_path, ["anna", "2024-07-01 12:00:00", "5.00", "No"], timezone=None)
    assert mapped.event_us is None
    assert mapped.record["event_timestamp"] == "2024-07-01T12:00:00"


def test_values_that_cannot_be_read_stay_as_text(tmp_path: Path) -> None:
    """The platform rejects them with a reason; an empty cell is an absent field."""
    mapped = read(tmp_path, ["", "someday", "free", "No"], fields={"quantity": {"constant": "many"}})
    assert mapped.record["event_timestamp"] == "someday"
    assert mapped.record["amount_minor"] == "free"
    assert mapped.record["quantity"] == "many"
    assert "customer_id" not in mapped.record


def test_a_short_row_lacks_fields_and_is_kept(tmp_path: Path) -> None:
    """The platform says missing_field."""
    mapped = read(tmp_path, ["anna"])
    assert mapped.record["customer_id"] == "anna"
    assert "amount_minor" not in mapped.record


def test_labels_have_positive_negative_and_unknown_values(tmp_path: Path) -> None:
    """A third value is neither."""
    label = {"column": "Is Fraud?", "positive": ["Yes"], "negative": ["No"]}
    labels = [read(tmp_path, ["a", "2024-07-01", "1", text], label=label).label for text in ("Yes", "No", "Perhaps")]
    assert labels == [True, False, None]


def test_templates_words_empties_and_slugs(tmp_path: Path) -> None:
    """Several columns joined, other words, "none" values, and names made into ids that stay distinct."""
    fields = {
        "card_id": {"template": "{who}-{Is Fraud?}"},
        "channel": {"column": "Is Fraud?", "values": {"Chip": "in_store"}},
        "device_id": {"column": "who", "empty": ["anna b"]},
        "merchant_id": {"column": "who", "slug": True},
    }
    mapped = read(tmp_path, ["anna b", "2024-07-01", "1", "Chip"], fields=fields)
    assert mapped.record["card_id"] == "anna b-Chip"
    assert mapped.record["channel"] == "in_store"
    assert "device_id" not in mapped.record
    assert mapped.record["merchant_id"].startswith("anna_b-")
    other = read(tmp_path, ["anna_b", "2024-07-01", "1", "Chip"], fields=fields)
    assert other.record["merchant_id"] == "anna_b"


@pytest.mark.parametrize(
    ("form", "text"),
    [("epoch_s", "1704106800"), ("epoch_ms", "1704106800000"), ("%d.%m.%Y %H:%M", "01.01.2024 12:00")],
)
def test_times_are_read_in_the_format_that_the_mapping_names(tmp_path: Path, form: str, text: str) -> None:
    """Epochs are UTC, strptime's formats are local."""
    fields = {"event_timestamp": {"column": "when", "format": form}}
    assert read(tmp_path, ["anna", text, "1", "No"], fields=fields).event_us == 1_704_106_800_000_000


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"fields": {"amont_minor": {"column": "how much"}}}, "no field 'amont_minor'; did you mean 'amount_minor'?"),
        ({"fields": {"customer_id": {"colum": "who"}}}, "the key 'colum' is unknown; did you mean 'column'?"),
        ({"fields": {"customer_id": {"column": "who", "constant": "x"}}}, "needs exactly one of column, template"),
        ({"fields": {"customer_id": None}}, "'customer_id' is required and has no source"),
        ({"fields": {"event_timestamp": {"column": "when", "format": "isoo"}}}, "did you mean 'iso'?"),
        ({"fields": {"card_id": {"column": "who", "money": {}}}}, "'money' fits amount_minor"),
        ({"timezone": "Europe/Berln"}, "'Europe/Berln' is no time zone; did you mean 'Europe/Berlin'?"),
        ({"labl": {}}, "the key 'labl' is unknown; did you mean 'label'?"),
        ({"label": {"column": "Is Fraud?", "positive": []}}, "length >= 1"),
    ],
)
def test_a_wrong_mapping_is_one_sentence_with_the_nearest_name(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    """It names file and line, too."""
    with pytest.raises(InputError) as caught:
        mapping(tmp_path, **changes)
    assert sentence in str(caught.value)
    assert "map.yaml line " in str(caught.value)


def test_a_column_that_is_not_in_the_file_is_named_with_the_nearest(tmp_path: Path) -> None:
    """Before the first row is read."""
    with pytest.raises(InputError, match=r"own\.csv has no column 'who'; did you mean 'whom'\?"):
        mapping(tmp_path).reader(["whom", "when", "how much"], Path("own.csv"))


def test_the_nearest_column_is_found_whatever_its_case(tmp_path: Path) -> None:
    """People write names as they speak them."""
    with pytest.raises(InputError, match=r"no column 'how much'; did you mean 'HOW MUCH'\?"):
        mapping(tmp_path).reader(["who", "when", "HOW MUCH"], Path("own.csv"))


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """Which of the two is meant is nobody's guess."""
    with pytest.raises(InputError, match="two columns 'who'"):
        mapping(tmp_path).reader(["who", "who", "when", "how much"], Path("own.csv"))
