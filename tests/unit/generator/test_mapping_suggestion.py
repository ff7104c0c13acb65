"""A mapping is proposed for files of known shapes: each field from its column, the label, and what gives it away."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamflow.generator.suggestion.page import mapping_text
from streamflow.generator.suggestion.proposal import propose
from streamflow.generator.suggestion.sample import take_sample
from streamflow.generator.suggestion.trial import with_measured_delay
from tests.unit.generator.mapping_files import SHAPES, write
from tests.unit.generator.proposal_cases import carried, of, sources

ROWS = 1_500


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
