"""Files in the shapes that people bring, generated: own numbers in the columns of public data sets and of shops."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

START = datetime(2024, 3, 1)  # noqa: DTZ001 - files have no zone
Rows = Iterator[list[str]]


def purchases(rows: int, seed: int = 5) -> Iterator[tuple[random.Random, int, datetime, str, str, float, bool]]:
    """Yield (random, number, time, customer, merchant, amount, fraud); one in forty is fraud, customers repeat."""
    draw = random.Random(seed)  # noqa: S311 - a test's own numbers
    moment = START
    for number in range(rows):
        moment += timedelta(seconds=draw.randint(20, 1200))
        fraud = draw.random() < 0.025
        amount = round(draw.lognormvariate(5.5 if fraud else 3.4, 0.8) + 0.5, 2)
        yield draw, number, moment, str(draw.randrange(max(2, rows // 20))), str(draw.randrange(120)), amount, fraud


def handbook(rows: int) -> Rows:
    """The Fraud Detection Handbook's simulation."""
    yield from [
        [
            "TRANSACTION_ID",
            "TX_DATETIME",
            "CUSTOMER_ID",
            "TERMINAL_ID",
            "TX_AMOUNT",
            "TX_TIME_SECONDS",
            "TX_TIME_DAYS",
            "TX_FRAUD",
            "TX_FRAUD_SCENARIO",
        ]
    ]
    for draw, number, at, who, shop, amount, fraud in purchases(rows):
        seconds = int((at - START).total_seconds())
        scenario = str(draw.randint(1, 3) if fraud else 0)
        yield [
            str(number),
            str(at),
            who,
            shop,
            f"{amount}",
            str(seconds),
            str(seconds // 86400),
            str(int(fraud)),
            scenario,
        ]


def sparkov(rows: int) -> Rows:
    """Sparkov: card numbers, a home and the place of the merchant, merchants with commas, an unnamed first column."""
    yield from [
        [
            "",
            "trans_date_trans_time",
            "cc_num",
            "merchant",
            "category",
            "amt",
            "first",
            "last",
            "gender",
            "street",
            "city",
            "state",
            "zip",
            "lat",
            "long",
            "city_pop",
            "job",
            "dob",
            "trans_num",
            "unix_time",
            "merch_lat",
            "merch_long",
            "is_fraud",
        ]
    ]
    homes: dict[str, tuple[float, float]] = {}
    for draw, number, at, who, shop, amount, fraud in purchases(rows):
        north, east = homes.setdefault(who, (round(draw.uniform(28, 46), 4), round(draw.uniform(-120, -75), 4)))
        near = f"{north + draw.uniform(-1, 1):.6f}", f"{east + draw.uniform(-1, 1):.6f}"
        merchant = f"fraud_Kim, Lee and Sons {shop}"
        yield [
            str(number), str(at), f"4{int(who) * 7919 + 10**14:015d}", merchant, draw.choice(["travel", "gas"]),
            f"{amount}", "Ann", "Lee", "F", "1 Road", "Town", "NY", "10001", str(north), str(east), "900", "Clerk",
            f"19{60 + int(who) % 40}-02-03", draw.randbytes(16).hex(), str(int(at.timestamp()) - 220_000_000), *near,
            str(int(fraud)),
        ]  # fmt: skip


def paysim(rows: int) -> Rows:
    """PaySim: hours from a beginning, balances, what the system flagged."""
    yield from [
        [
            "step",
            "type",
            "amount",
            "nameOrig",
            "oldbalanceOrg",
            "newbalanceOrig",
            "nameDest",
            "oldbalanceDest",
            "newbalanceDest",
            "isFraud",
            "isFlaggedFraud",
        ]
    ]
    for draw, number, at, _, shop, amount, fraud in purchases(rows):
        step = str(1 + int((at - START).total_seconds()) // 3600)
        flagged = str(int(fraud and draw.random() < 0.1))
        kind = draw.choice(["PAYMENT", "TRANSFER", "CASH_OUT"])
        balance = f"{amount * 3:.2f}"
        yield [
            step, kind, f"{amount}", f"C{1_000_000 + number * 17}", balance, "0.0", f"M{shop}", "0.0", balance,
            str(int(fraud)), flagged,
        ]  # fmt: skip


def banksim(rows: int) -> Rows:
    """BankSim: every text in quotes of its own, days from a beginning."""
    yield ["step", "customer", "age", "gender", "zipcodeOri", "merchant", "zipMerchant", "category", "amount", "fraud"]
    for draw, _, at, who, shop, amount, fraud in purchases(rows):
        day = str((at - START).days)
        sort = draw.choice(["'es_food'", "'es_health'"])
        yield [day, f"'C{who}'", "'4'", "'M'", "'28007'", f"'M{shop}'", "'28007'", sort, f"{amount}", str(int(fraud))]


def tabformer(rows: int) -> Rows:
    """IBM TabFormer: time in four columns, dollar signs, refunds, cards numbered within users."""
    yield [
        "User",
        "Card",
        "Year",
        "Month",
        "Day",
        "Time",
        "Amount",
        "Use Chip",
        "Merchant Name",
        "Merchant City",
        "Merchant State",
        "Zip",
        "MCC",
        "Errors?",
        "Is Fraud?",
    ]
    for draw, _, at, who, shop, amount, fraud in purchases(rows):
        how = draw.choice(["Swipe Transaction", "Chip Transaction", "Online Transaction"])
        money = f"$-{amount:.2f}" if draw.random() < 0.03 else f"${amount:.2f}"
        clock = at.strftime("%H:%M")
        yield [
            who, str(draw.randrange(3)), str(at.year), str(at.month), str(at.day), clock, money, how, f"-{shop}77",
            "Town", "CA", "91750.0", "5411", "", "Yes" if fraud else "No",
        ]  # fmt: skip


def ieee_cis(rows: int) -> Rows:
    """IEEE-CIS: no customer, but the attributes of a card; seconds from a beginning."""
    yield [
        "TransactionID",
        "isFraud",
        "TransactionDT",
        "TransactionAmt",
        "ProductCD",
        "card1",
        "card2",
        "card3",
        "card4",
        "addr1",
        "P_emaildomain",
    ]
    for draw, number, at, who, _, amount, fraud in purchases(rows):
        seconds = str(86400 + int((at - START).total_seconds()))
        card = [
            f"1{who}",
            f"{100 + int(who) % 7}.0",
            "150.0",
            draw.choice(["visa", "mastercard"]),
            f"{200 + int(who) % 9}.0",
        ]
        yield [str(2_987_000 + number), str(int(fraud)), seconds, f"{amount}", draw.choice("WCRHS"), *card, "gmail.com"]


def ulb(rows: int) -> Rows:
    """The ULB set: no customer, no merchant, seconds."""
    yield ["Time", *(f"V{n}" for n in range(1, 29)), "Amount", "Class"]
    for draw, _, at, _, _, amount, fraud in purchases(rows):
        parts = [f"{draw.gauss(0, 1):.6f}" for _ in range(28)]
        yield [f"{(at - START).total_seconds():.1f}", *parts, f"{amount}", str(int(fraud))]


def german(rows: int) -> Rows:
    """A German shop: semicolons, decimal commas, days before months, words for the label and the way."""
    yield ["Bestellnummer", "Kundennummer", "Bestelldatum", "Gesamtbetrag", "Händler", "Kanal", "Anzahl", "Betrug"]
    for draw, number, at, who, shop, amount, fraud in purchases(rows):
        money = f"{amount * 20:,.2f}".translate(str.maketrans(",.", ".,")) + " \u20ac"
        how = draw.choice(["Online", "Filiale", "Telefon"])
        yield [
            f"B-{number}", f"K{who}", at.strftime("%d.%m.%Y %H:%M"), money, f"L\u00e4den & S\u00f6hne {shop}", how,
            str(draw.randint(1, 4)), "ja" if fraud else "nein",
        ]  # fmt: skip


def spanish(rows: int) -> Rows:
    """A Spanish shop: day and clock in two columns, a moment of the chargeback, an address of the customer."""
    yield ["pedido", "cliente", "fecha", "hora", "importe", "moneda", "comercio", "fecha_contracargo", "fraude"]
    for draw, number, at, who, shop, amount, fraud in purchases(rows):
        back = (at + timedelta(days=draw.randint(4, 30))).strftime("%d/%m/%Y") if fraud else ""
        yield [
            str(number), f"c{who}@example.org", at.strftime("%d/%m/%Y"), at.strftime("%H:%M:%S"),
            f"{amount:.2f}".replace(".", ","), "EUR", f"tienda-{shop}", back, "s\u00ed" if fraud else "no",
        ]  # fmt: skip


def cents(rows: int) -> Rows:
    """An export of a payment service: epochs in milliseconds, cents, a status with a third word."""
    yield ["payment_id", "user_id", "created_at", "amount_cents", "seller", "status"]
    for draw, number, at, who, shop, amount, fraud in purchases(rows):
        status = "chargeback" if fraud else draw.choice(["paid", "paid", "paid", "pending"])
        moment = int((at - datetime(1970, 1, 1)).total_seconds() * 1000)  # noqa: DTZ001
        yield [f"pay_{number}", f"u{who}", str(moment), str(round(amount * 100)), f"s{shop}", status]


def nameless(rows: int) -> Rows:
    """Columns whose names say nothing at all."""
    yield ["c1", "c2", "c3", "c4", "c5"]
    for _, _, at, who, _, amount, fraud in purchases(rows):
        yield [at.strftime("%Y-%m-%dT%H:%M:%S"), f"{amount:.2f}", f"a{who}x", "7", "yes" if fraud else "no"]


SHAPES: dict[str, Callable[[int], Rows]] = {
    one.__name__: one
    for one in (handbook, sparkov, paysim, banksim, tabformer, ieee_cis, ulb, german, spanish, cents, nameless)
}


def write(folder: Path, shape: str, rows: int = 1_500) -> Path:
    """Write a file in a shape, as its users write it; return its path."""
    path = folder / f"{shape}.csv"
    text = io.StringIO()
    delimiter = ";" if shape in ("german", "spanish") else ","
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(SHAPES[shape](rows))
    path.write_bytes(text.getvalue().encode("cp1252" if shape == "german" else "utf-8"))
    return path
