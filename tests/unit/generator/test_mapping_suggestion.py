"""A mapping is proposed for a file that nobody has described: what columns hold decides, every doubt is told."""

from __future__ import annotations

import csv
import gzip
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamflow.contracts import Catalogue, Validator, build_validator
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.errors import InputError
from streamflow.generator.mapping import load_mapping
from streamflow.generator.mapping_check import MappingCheck, check_mapping
from streamflow.generator.suggestion.page import mapping_text
from streamflow.generator.suggestion.proposal import Proposal, propose
from streamflow.generator.suggestion.sample import take_sample
from streamflow.generator.suggestion.trial import with_measured_delay
from tests.unit.generator.mapping_files import SHAPES, write
from tests.unit.generator.worlds import CONTRACTS

CATALOGUE = Catalogue.load(CONTRACTS)
CONTRACT = CATALOGUE.topic(TRANSACTIONS_RAW)
ROWS = 1_500


@cache
def validator(currency: str) -> Validator:
    """Return the platform's validator."""
    return build_validator(CATALOGUE, currency)


def carried(path: Path, proposal: Proposal) -> MappingCheck:
    """Write a proposal beside its file, load it, and carry the file through."""
    target = path.with_suffix(".yaml")
    target.write_text(mapping_text(proposal), encoding="utf-8")
    return check_mapping(path, load_mapping(target, CONTRACT), validator(proposal.base_currency or "USD"))


def sources(proposal: Proposal) -> dict[str, Any]:
    """Return where each field comes from: a column, a template, or a constant."""
    return {
        line.field: line.spec.get("column") or line.spec.get("template") or line.spec.get("constant") or "#"
        for line in proposal.lines
    }


def of(folder: Path, columns: str, rows: list[list[str]], name: str = "own.csv") -> Path:
    """Write a small file."""
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns.split(","), *rows])
    return path


EXPECTED: dict[str, dict[str, str]] = {
    "handbook": {
        "transaction_id": "TRANSACTION_ID",
        "customer_id": "CUSTOMER_ID",
        "event_timestamp": "TX_DATETIME",
        "amount_minor": "TX_AMOUNT",
        "currency": "USD",
        "merchant_id": "TERMINAL_ID",
    },
    "sparkov": {
        "transaction_id": "trans_num",
        "customer_id": "cc_num",
        "event_timestamp": "trans_date_trans_time",
        "amount_minor": "amt",
        "currency": "USD",
        "merchant_id": "merchant",
        "product_id": "category",
        "latitude": "merch_lat",
        "longitude": "merch_long",
    },
    "paysim": {
        "transaction_id": "#",
        "customer_id": "nameOrig",
        "event_timestamp": "step",
        "amount_minor": "amount",
        "currency": "USD",
        "merchant_id": "nameDest",
    },
    "banksim": {
        "transaction_id": "#",
        "customer_id": "customer",
        "event_timestamp": "step",
        "amount_minor": "amount",
        "currency": "USD",
        "merchant_id": "merchant",
        "product_id": "category",
    },
    "tabformer": {
        "transaction_id": "#",
        "customer_id": "User",
        "event_timestamp": "{Year}-{Month}-{Day} {Time}",
        "amount_minor": "Amount",
        "currency": "USD",
        "merchant_id": "Merchant Name",
        "card_id": "{User}-card-{Card}",
        "channel": "Use Chip",
    },
    "ieee_cis": {
        "transaction_id": "TransactionID",
        "customer_id": "{card1}_{card2}_{card3}_{card4}_{addr1}",
        "event_timestamp": "TransactionDT",
        "amount_minor": "TransactionAmt",
        "currency": "USD",
        "product_id": "ProductCD",
    },
    "ulb": {
        "transaction_id": "#",
        "customer_id": "#",
        "event_timestamp": "Time",
        "amount_minor": "Amount",
        "currency": "USD",
    },
    "german": {
        "transaction_id": "Bestellnummer",
        "customer_id": "Kundennummer",
        "event_timestamp": "Bestelldatum",
        "amount_minor": "Gesamtbetrag",
        "currency": "USD",
        "merchant_id": "H\u00e4ndler",
        "channel": "Kanal",
        "quantity": "Anzahl",
    },
    "spanish": {
        "transaction_id": "pedido",
        "customer_id": "cliente",
        "event_timestamp": "{fecha} {hora}",
        "amount_minor": "importe",
        "currency": "moneda",
        "merchant_id": "comercio",
    },
    "cents": {
        "transaction_id": "payment_id",
        "customer_id": "user_id",
        "event_timestamp": "created_at",
        "amount_minor": "amount_cents",
        "currency": "USD",
        "merchant_id": "seller",
    },
    "nameless": {
        "transaction_id": "#",
        "customer_id": "c3",
        "event_timestamp": "c1",
        "amount_minor": "c2",
        "currency": "USD",
    },
}


def test_every_shape_is_expected() -> None:
    """No shape goes untested."""
    assert set(EXPECTED) == set(SHAPES)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_is_recognised_and_carried_through(tmp_path: Path, shape: str) -> None:
    """Every field comes from the right column, and every row that is a purchase becomes one, with its label."""
    path = write(tmp_path, shape, ROWS)
    proposal = propose(take_sample(path), "USD")
    assert sources(proposal) == EXPECTED[shape]
    check = carried(path, proposal)
    refused = {"tabformer": ["out_of_range"], "cents": ["label_unknown"]}.get(shape, [])
    assert [one.reason for one in check.set_aside] == refused
    assert check.rows == ROWS
    assert check.purchases == ROWS - sum(one.rows for one in check.set_aside) > ROWS * 0.7
    assert check.labels is not None
    assert 15 < check.labels.fraud < 80


LABELS = {
    "handbook": ("TX_FRAUD", ["1"], ["0"]),
    "paysim": ("isFraud", ["1"], ["0"]),
    "tabformer": ("Is Fraud?", ["Yes"], ["No"]),
    "german": ("Betrug", ["ja"], ["nein"]),
    "spanish": ("fraude", ["s\u00ed"], ["no"]),
    "cents": ("status", ["chargeback"], ["paid"]),
}


@pytest.mark.parametrize("shape", LABELS)
def test_the_label_has_its_column_and_its_sides(tmp_path: Path, shape: str) -> None:
    """A word that waits for an outcome is on neither side."""
    proposal = propose(take_sample(write(tmp_path, shape)), "USD")
    assert proposal.label is not None
    label = proposal.label
    assert (label["column"], label["positive"], label["negative"]) == LABELS[shape]


@pytest.mark.parametrize(("shape", "leak"), [("handbook", "TX_FRAUD_SCENARIO"), ("paysim", "isFlaggedFraud")])
def test_what_gives_the_label_away_is_named_and_never_a_field(tmp_path: Path, shape: str, leak: str) -> None:
    """It was filled in after the purchase."""
    proposal = propose(take_sample(write(tmp_path, shape)), "USD")
    assert leak in proposal.leaks
    assert leak not in str(sources(proposal))
    assert f"Never a field: '{leak}'" in mapping_text(proposal)


def test_a_column_that_tells_fraud_without_a_mistake_is_a_leak_whatever_its_name(tmp_path: Path) -> None:
    """Content decides: here the channel was filled in by those who knew."""
    columns = "order_id,customer_id,date,amount,channel,is_fraud"
    rows = []
    for n in range(500):
        at, fraud = f"2024-03-{1 + n // 20:02d} 10:{n % 60:02d}:00", n % 30 == 7
        rows.append([f"o{n}", f"c{n % 40}", at, f"{n % 37}.50", "app" if fraud else "web", str(int(fraud))])
    proposal = propose(take_sample(of(tmp_path, columns, rows)), "USD")
    assert "channel" in proposal.leaks
    assert "channel" not in sources(proposal)


def test_the_moment_of_a_label_is_found_and_measures_the_delay(tmp_path: Path) -> None:
    """The date of the chargeback is no field: it says when the label became known."""
    path = write(tmp_path, "spanish")
    proposal = propose(take_sample(path), "USD")
    assert proposal.label is not None
    assert proposal.label["known_at"] == {"column": "fecha_contracargo", "format": "%d/%m/%Y"}
    check = carried(path, proposal)
    assert with_measured_delay(proposal, check)
    assert 20 < proposal.label["delay_days"] <= 31
    assert check.labels is not None
    assert check.labels.with_moment == check.labels.fraud


def test_a_currency_other_than_the_base_is_told_and_mixed_ones_too(tmp_path: Path) -> None:
    """The file runs with its own currency as the base; codes in lower case are translated."""
    rows = [
        [f"o{n}", f"c{n % 9}", f"2024-03-01 10:{n % 60:02d}:00", "5.25", "chf" if n % 10 == 0 else "EUR"]
        for n in range(60)
    ]
    path = of(tmp_path, "order_id,customer_id,date,amount,currency", rows)
    proposal = propose(take_sample(path), "USD")
    assert proposal.base_currency == "EUR"
    assert any("currencies are mixed" in sentence for sentence in proposal.warnings)
    check = carried(path, proposal)
    assert check.currencies == {"EUR": 54, "CHF": 6}
    assert [(one.reason, one.rows) for one in check.set_aside] == [("unsupported_currency", 6)]


def places(tmp_path: Path, north: str, east: str) -> Path:
    """Write purchases in New York under two names of columns."""
    rows = [
        [
            f"o{n}",
            f"c{n % 9}",
            f"2024-03-01 10:{n % 60:02d}:00",
            "5.25",
            f"{40.7 + n / 1000:.4f}",
            f"{-97.9 - n / 1000:.4f}",
        ]
        for n in range(60)
    ]
    return of(tmp_path, f"order_id,customer_id,date,amount,{north},{east}", rows)


@pytest.mark.parametrize("names", [("lat", "lon"), ("lon", "lat")])
def test_swapped_coordinates_are_told_and_exchanged(tmp_path: Path, names: tuple[str, str]) -> None:
    """A latitude beyond 90 degrees is none."""
    path = places(tmp_path, *names)
    proposal = propose(take_sample(path), "USD")
    swapped = names[0] == "lon"
    assert any("latitude and longitude look swapped" in one for one in proposal.warnings) == swapped
    assert sources(proposal)["latitude"] == names[0]
    assert carried(path, proposal).purchases == 60


def dated(tmp_path: Path, form: str, *, days: int = 12, delimiter: str = ",") -> Path:
    """Write purchases on the first days of April to June, in a format."""
    rows = [[f"o{n}", f"c{n % 9}", form.format(day=1 + n % days, month=4 + n // days), "5.25"] for n in range(3 * days)]
    path = tmp_path / "own.csv"
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([["order_id", "customer_id", "date", "amount"], *rows])
    return path


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        ("{day:02d}/{month:02d}/2024 10:00", "%d/%m/%Y %H:%M"),
        ("{month:02d}/{day:02d}/2024 10:00", "%m/%d/%Y %H:%M"),
        ("{month}/{day}/2024 1:05 PM", "%m/%d/%Y %I:%M %p"),
    ],
)
def test_the_order_of_rows_decides_between_day_and_month(tmp_path: Path, form: str, wanted: str) -> None:
    """Where both would do, rows are more likely in order of time than not."""
    proposal = propose(take_sample(dated(tmp_path, form)), "USD")
    spec = next(line.spec for line in proposal.lines if line.field == "event_timestamp")
    assert spec["format"] == wanted


def test_a_time_that_fits_two_formats_is_a_guess_and_said_so(tmp_path: Path) -> None:
    """One row tells nothing; the separator of the file speaks for days first."""
    rows = [["o1", "c1", "03/04/2024 10:00", "5.25"], ["o2", "c1", "03/04/2024 11:00", "5.25"]]
    proposal = propose(take_sample(of(tmp_path, "order_id,customer_id,date,amount", rows)), "USD")
    line = next(line for line in proposal.lines if line.field == "event_timestamp")
    assert line.confidence != "sure"
    assert any("is a guess, look at it" in one for one in proposal.warnings)


@pytest.mark.parametrize(
    ("amounts", "money"),
    [
        (["1,234.56", "12.00", "7.50"], {"thousands": ","}),
        (["1.234,56", "12,00", "7,50"], {"decimal": ",", "thousands": "."}),
        (["1'234.50", "12.00", "7.50"], {"thousands": "'"}),
        (["1 234,50 \u20ac", "12,00 \u20ac", "7,50 \u20ac"], {"symbols": "\u20ac", "decimal": ","}),
        (["$12.00", "$7.50", "$1.25"], {"symbols": "$"}),
        (["EUR 12.00", "EUR 7.50", "EUR 1.25"], {"symbols": "ERU"}),
        (["12", "7", "3"], {}),
    ],
)
def test_the_way_amounts_are_written_is_found(tmp_path: Path, amounts: list[str], money: dict[str, str]) -> None:
    """And all of them are read."""
    rows = [[f"o{n}", f"c{n}", "2024-03-01 10:00:00", amounts[n % 3]] for n in range(30)]
    path = of(tmp_path, "order_id,customer_id,date,amount", rows)
    proposal = propose(take_sample(path), "USD")
    spec = next(line.spec for line in proposal.lines if line.field == "amount_minor")
    assert spec.get("money", {}) == money
    assert carried(path, proposal).purchases == 30


def test_whole_numbers_that_end_as_prices_do_are_taken_for_minor_units_and_told(tmp_path: Path) -> None:
    """A guess, and said so."""
    rows = [
        [f"o{n}", f"c{n % 9}", "2024-03-01 10:00:00", str(100 * (5 + n % 70) + (99, 95, 50)[n % 3])] for n in range(90)
    ]
    proposal = propose(take_sample(of(tmp_path, "order_id,customer_id,date,amount", rows)), "USD")
    line = next(line for line in proposal.lines if line.field == "amount_minor")
    assert line.spec["money"] == {"unit": "minor"}
    assert any("leave doubt" in one for one in proposal.warnings)


def test_content_decides_over_names(tmp_path: Path) -> None:
    """A 'date' of words is no time, an 'amount' of words is none, a 'customer' of prices is nobody."""
    rows = [
        ["Monday", f"u{n % 8}", f"{n % 50}.25", "big", f"2024-03-01T10:{n % 60:02d}:00Z", f"{n % 50}.99"]
        for n in range(120)
    ]
    proposal = propose(take_sample(of(tmp_path, "date,user,customer,amount,c5,total", rows)), "USD")
    found = sources(proposal)
    assert (found["event_timestamp"], found["customer_id"], found["amount_minor"]) == ("c5", "user", "total")


def test_an_order_id_that_repeats_is_no_purchase(tmp_path: Path) -> None:
    """Lines of an order are rows of their own: they are numbered, and that is said."""
    rows = [[f"o{n // 3}", f"c{n % 9 // 3}", "2024-03-01 10:00:00", "5.25"] for n in range(90)]
    proposal = propose(take_sample(of(tmp_path, "order_id,customer_id,date,amount", rows)), "USD")
    assert sources(proposal)["transaction_id"] == "#"
    assert any("'order_id' repeats" in one for one in proposal.warnings)


def test_card_numbers_never_leave_the_file(tmp_path: Path) -> None:
    """Hashes stand in their place, and no example shows a value."""
    path = write(tmp_path, "sparkov")
    text = mapping_text(propose(take_sample(path), "USD"))
    assert "customer_id: {column: cc_num, token: true}" in text
    number = path.read_text().splitlines()[1].split(",")[2]
    assert len(number) == 16
    assert number not in text


def test_separators_encodings_and_containers(tmp_path: Path) -> None:
    """Tabs, bars, UTF-16, a byte order mark, gzip and Parquet give the same fields."""
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    path = write(tmp_path, "handbook", 300)
    text = path.read_text()
    (tmp_path / "tabs.txt").write_text(text.replace(",", "\t"))
    (tmp_path / "bars.csv").write_text(text.replace(",", "|"))
    (tmp_path / "wide.csv").write_text(text, encoding="utf-16")
    (tmp_path / "marked.csv").write_text(text, encoding="utf-8-sig")
    (tmp_path / "small.csv.gz").write_bytes(gzip.compress(text.encode()))
    parquet.write_table(arrow_csv.read_csv(path), tmp_path / "columns.parquet")
    names = ("tabs.txt", "bars.csv", "wide.csv", "marked.csv", "small.csv.gz", "columns.parquet")
    for name in names:
        proposal = propose(take_sample(tmp_path / name), "USD")
        assert sources(proposal) == EXPECTED["handbook"], name
        assert carried(tmp_path / name, proposal).purchases == 300, name


@pytest.mark.parametrize("name", ["large.csv", "large.csv.gz", "large.parquet"])
def test_a_large_file_is_sampled_across(tmp_path: Path, name: str) -> None:
    """A word that only stands at the end of the file is seen."""
    import pyarrow
    from pyarrow import parquet

    columns = "order_id,customer_id,date,amount,status".split(",")  # noqa: SIM905
    rows = [
        [
            f"o{n}",
            f"c{n % 99}",
            f"2024-03-{1 + n // 500:02d} 10:00:00",
            "5.25",
            "fraud" if n > 9_000 and n % 9 == 0 else "ok",
        ]
        for n in range(12_000)
    ]
    path = tmp_path / name
    if name.endswith("parquet"):
        table = pyarrow.table({column: [row[at] for row in rows] for at, column in enumerate(columns)})
        parquet.write_table(table, path, row_group_size=500)
    else:
        data = "\n".join(",".join(row) for row in [columns, *rows]).encode()
        path.write_bytes(gzip.compress(data, 1) if name.endswith("gz") else data)
    sample = take_sample(path)
    assert 5_100 < len(sample.rows) < 11_000
    proposal = propose(sample, "USD")
    assert proposal.label is not None
    assert proposal.label["positive"] == ["fraud"]
    assert len({row[0] for row in sample.rows}) == len(sample.rows)
    assert sources(proposal)["transaction_id"] == "order_id"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty"),
        ("order_id,customer_id,date,amount\n", "has names of columns, but no rows"),
        ("just text\nmore text\n", "has one column, 'just text'"),
        ("1,2024-01-01,5.00,0\n2,2024-01-01,6.00,1\n", "no line with the names of its columns"),
        ("order_id,amount\no1,5.00\no2,7.00\n", "has no column that holds times of purchases"),
        ("order_id,date,amount\no1,2024-01-01,free\no2,2024-01-02,free\n", "amounts; 'amount' holds words"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_mapped_is_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    """It names the file and what it lacks."""
    path = tmp_path / "own.csv"
    path.write_text(content)
    with pytest.raises(InputError, match="own") as caught:
        propose(take_sample(path), "USD")
    assert sentence in str(caught.value)


def test_a_missing_and_a_cut_file_are_one_sentence(tmp_path: Path) -> None:
    """The nearest name is in it."""
    path = write(tmp_path, "handbook", 50)
    with pytest.raises(InputError, match=r"did you mean 'handbook\.csv'\?"):
        take_sample(tmp_path / "handbok.csv")
    (tmp_path / "cut.parquet").write_bytes(b"PAR1" + path.read_bytes())
    with pytest.raises(InputError, match="is no Parquet file"):
        take_sample(tmp_path / "cut.parquet")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(path.read_bytes())[:-20])
    with pytest.raises(InputError, match="damaged gzip"):
        take_sample(tmp_path / "cut.csv.gz")


CELLS = st.one_of(
    st.sampled_from(
        ["", "0", "1", "yes", "NULL", "-5.00", "1,5", "12.25", "2024-01-01", "2024-01-01T10:00:00Z", "x'y", "'q'"]
    ),
    st.text(max_size=12),
    st.floats(allow_nan=True).map(str),
)
NAMES = st.one_of(
    st.sampled_from(
        ["amount", "date", "customer_id", "is_fraud", "lat", "lon", "currency", "channel", "qty", "a:b", "{x}", "t\nu"]
    ),
    st.text(min_size=1, max_size=8),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(NAMES, min_size=2, max_size=7), st.lists(st.lists(CELLS, min_size=2, max_size=7), min_size=1, max_size=12)
)
def test_whatever_a_file_holds_the_proposal_loads_or_a_sentence_says_why(
    tmp_path: Path, names: list[str], rows: list[list[str]]
) -> None:
    """Never a stack trace, never a mapping that does not load or names a column that is not there."""
    path = tmp_path / "own.csv"
    columns = ["when", "total", *names]
    whole = [[f"2024-01-01T10:00:{n:02d}", f"{n}.50", *row] for n, row in enumerate(rows)]
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        csv.writer(file).writerows([columns, *whole])
    with suppress(InputError):
        assert carried(path, propose(take_sample(path), "USD")).rows >= 1
