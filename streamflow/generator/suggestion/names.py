"""What the name of a column suggests: in English, German, Spanish and French, and in the public data sets of fraud."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MOST_NAMES = 16_384


def listed(text: str) -> tuple[str, ...]:
    """Return the words of a text."""
    return tuple(text.split())


_NAMES: dict[str, dict[float, str]] = {
    "transaction_id": {
        1.0: (
            "transaction id, trans num, trans id, tx id, txn id, order id, order number, order no, bestellnummer, "
            "pedido, pedido id, commande numero"
        ),
        0.9: "order, payment id, auftrag*, commande, transaktion*",
        0.8: "uuid, bestell*, belegnummer, transaccion*",
        0.7: "invoice*, transaction, receipt*, vorgang*, rechnung*, factura",
        0.6: "id",
        0.5: "reference",
    },
    "customer_id": {
        1.0: "customer id, customer*, cust id, client id, client, name orig, kunde*, cliente*",
        0.95: "user id",
        0.9: "buyer*, user, kaufer*, usuario*, comprador*, acheteur*",
        0.85: "account id, cc num",
        0.8: "member*, account*, payer*, cardholder*, konto*",
        0.7: "sender*",
        0.6: "orig, email",
        0.55: "card id, card number",
        0.5: "card",
    },
    "event_timestamp": {
        1.0: (
            "tx datetime, datetime, timestamp, trans date trans time, transaction date, transaction time, order "
            "date, ordered at, purchased at, event time, bestelldatum, zeitpunkt, fecha hora, kaufdatum"
        ),
        0.9: "date, created at, datum*, fecha*, bestellzeit",
        0.8: "time, created, step, transaction dt, zeit*",
        0.7: "ts, unix time, heure, hora, uhrzeit",
        0.6: "at, tx time seconds",
        0.5: "seconds, elapsed",
        0.3: "tx time days",
    },
    "amount_minor": {
        1.0: (
            "amount minor, amount cents, amount, amt, tx amount, transaction amt, order total, grand total, "
            "betrag, gesamtbetrag, importe, importe total, monto, montant"
        ),
        0.9: "total, summe",
        0.8: "gesamt*, warenwert",
        0.7: "price, cents, preis, umsatz, precio, valor, prix",
        0.6: "value, sum, spend",
    },
    "currency": {
        1.0: "currency, currency code, ccy, waehrung, wahrung, moneda, divisa, devise",
    },
    "merchant_id": {
        1.0: "merchant id, merchant",
        0.95: "merchant name",
        0.9: (
            "terminal id, seller*, vendor*, name dest, payee*, handler*, haendler*, verkaufer*, comercio*, "
            "vendedor*, marchand*, vendeur*"
        ),
        0.8: "terminal, shop, shop id, anbieter",
        0.7: "recipient*",
        0.5: "dest",
    },
    "card_id": {
        1.0: "card id, card token",
        0.9: "card, card number, cc num, karte*, kartennummer, tarjeta*, carte*",
        0.8: "pan",
    },
    "device_id": {
        1.0: "device id",
        0.9: "device, dispositivo",
        0.8: "device info, fingerprint, gerat*, geraet*",
        0.6: "ip, ip address",
    },
    "product_id": {
        1.0: "product id, sku",
        0.9: "product, product cd, artikel*, produkt*, producto*, produit*",
        0.8: "category, kategorie, categoria",
        0.7: "mcc, item*",
    },
    "store_id": {
        1.0: "store id",
        0.9: "store, filiale*, tienda*, magasin*, sucursal*",
        0.8: "branch*",
    },
    "channel": {
        1.0: "channel, sales channel, kanal, vertriebskanal, canal",
        0.9: "use chip, entry mode, payment channel",
        0.5: "platform",
        0.4: "source, paid by",
    },
    "quantity": {
        1.0: "quantity, qty, anzahl, menge, cantidad, quantite",
        0.9: "pieces",
        0.8: "stuck*",
        0.7: "units",
    },
    "latitude": {
        1.0: "lat, latitude, breitengrad, latitud",
        0.9: "breite*",
    },
    "longitude": {
        1.0: "lon, lng, long, longitude, langengrad, laengengrad, longitud",
        0.8: "lange*",
    },
    "utc_offset_min": {
        1.0: "utc offset min, utc offset minutes",
    },
    "label": {
        1.0: (
            "is fraud, fraud, tx fraud, fraud label, fraudulent, is fraudulent, betrug*, ist betrug, fraude, es "
            "fraude, fraud bool"
        ),
        0.9: "is chargeback, estafa",
        0.8: "label, class, chargeback",
        0.7: "target",
        0.6: "outcome",
        0.5: "status",
        0.4: "state",
    },
    "known_at": {
        1.0: (
            "chargeback date, chargeback at, fraud date, fraud reported at, label date, labelled at, charged back "
            "at, ruckbuchung*, rueckbuchung*, fecha contracargo"
        ),
        0.9: "reported at, charged back, contracargo*",
        0.8: "confirmed at",
        0.7: "disputed at",
    },
}
FIELDS = {
    field: {name: weight for weight, names in by_weight.items() for name in names.split(", ")}
    for field, by_weight in _NAMES.items()
}
"""By field, names and how much they say; a star is any ending; words of a name may have others around them."""

OF_A_PERSON = listed("dob birth geburt nacimiento naissance registered signup expiry expires updated")
OF_ANOTHER_AMOUNT = listed("balance oldbalance newbalance limit tax shipping discount fee vat versand steuer saldo")
OF_A_VERDICT = listed(
    "flagged scenario score predicted prediction alert rule risk chargeback dispute fraud betrug fraude szenario"
)
_OTHER = {"event_timestamp": OF_A_PERSON, "amount_minor": OF_ANOTHER_AMOUNT}


@lru_cache(MOST_NAMES)
def words(name: str) -> tuple[str, ...]:
    """Return the words of a column's name: lower case, without accents, numbers of their own."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    plain = unicodedata.normalize("NFKD", split).encode("ascii", "ignore").decode().lower()
    return tuple(re.findall(r"[a-z]+|[0-9]+", plain))


@lru_cache(MOST_NAMES)
def name_score(field: str, name: str) -> float:
    """Return how much a name says for a field, from 0 to 1."""
    mine = words(name)
    best = max((_match(pattern, mine) * weight for pattern, weight in FIELDS[field].items()), default=0.0)
    if any(word.startswith(_OTHER.get(field, ())) for word in mine):
        return best * 0.2
    return best


def is_verdict(name: str) -> bool:
    """Return whether a name speaks of what somebody made of the purchase later."""
    return any(word.startswith(OF_A_VERDICT) for word in words(name))


def _match(pattern: str, mine: tuple[str, ...]) -> float:
    """Return 1 for the same words, less with others around them, 0 unless all words of the pattern are there."""
    if pattern.replace(" ", "") == "".join(mine):
        return 1.0
    wanted = pattern.split()
    for word in wanted:
        if not any(_is(word, one) for one in mine):
            return 0.0
    return float(0.85 ** max(0, len(mine) - len(wanted)))


def _is(word: str, one: str) -> bool:
    return one.startswith(word[:-1]) if word.endswith("*") else one == word
