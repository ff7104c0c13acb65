"""How people write amounts, times, numbers and names, and what they mean; free of any file or mapping."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

MAX_ID = 64
MOST_DIGITS = 16
_NOT_ID = re.compile(r"[^A-Za-z0-9_.:-]+")
_PLAIN_MONEY = re.compile(r"^-?[0-9]{1,15}\.[0-9]{2}$")


class Money(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How amounts are written.

    Attributes:
        symbols: Characters to ignore, as `$`.
        thousands: Separator of thousands.
        decimal: Separator of decimals.
        digits: Minor digits of the currency.
        unit: major (12.34) or minor (1234).
    """

    symbols: str = ""
    thousands: str = ""
    decimal: Annotated[str, Meta(min_length=1, max_length=1)] = "."
    digits: Annotated[int, Meta(ge=0, le=4)] = 2
    unit: Literal["major", "minor"] = "major"


def parse_minor(text: str, money: Money) -> tuple[int, bool] | None:
    """Read an amount.

    Args:
        text: As `$1,234.56`, `(12.00)` or `-5`.
        money: How amounts are written.

    Returns:
        Minor units, and whether digits were rounded away; None when it is no amount.
    """
    plain = text.strip()
    for unwanted in (*money.symbols, money.thousands):
        if unwanted:
            plain = plain.replace(unwanted, "")
    plain = plain.replace(" ", "").replace("\u00a0", "")
    if plain.startswith("(") and plain.endswith(")"):
        plain = "-" + plain[1:-1]
    if money.decimal != ".":
        if "." in plain:
            return None
        plain = plain.replace(money.decimal, ".")
    if money.unit == "major" and money.digits == 2 and _PLAIN_MONEY.match(plain):
        return int(plain.replace(".", "")), False
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        return None
    if not amount.is_finite() or abs(amount.adjusted()) > 30:
        return None
    exact = amount.scaleb(money.digits) if money.unit == "major" else amount
    whole = exact.to_integral_value(ROUND_HALF_EVEN)
    return int(whole), whole != exact


def money_reader(money: Money) -> Callable[[str], tuple[int, bool] | None]:
    """Return `parse_minor` for one way to write amounts, quick for plain ones."""
    unwanted = str.maketrans("", "", money.symbols + money.thousands + " \u00a0") if len(money.thousands) < 2 else {}
    decimal, digits = money.decimal, money.digits
    whole = 10**digits if money.unit == "major" else 1
    clean = bool(money.symbols or money.thousands)

    def read(text: str) -> tuple[int, bool] | None:
        plain = text.translate(unwanted) if clean else text
        if plain.isascii() and len(plain) <= MOST_DIGITS:
            before, point, after = plain.partition(decimal)
            if before.isdigit():
                if not point:
                    return int(before) * whole, False
                if len(after) == digits and whole > 1 and after.isdigit():
                    return int(before + after), False
        return parse_minor(text, money)

    return read


def slug(text: str) -> str:
    """Return `text` if it can be an id, else an id made of it and of a hash of it."""
    plain = _NOT_ID.sub("_", text)
    if plain == text and len(text) <= MAX_ID:
        return text
    mark = hashlib.blake2b(text.encode(errors="surrogateescape"), digest_size=4).hexdigest()
    return f"{plain[: MAX_ID - 9]}-{mark}"


def token(text: str) -> str:
    """Return an id that tells two texts apart without showing them.

    It is a plain hash, so that who knows every text there can be, as all card numbers, can search for it.
    """
    return "tok-" + hashlib.blake2b(text.encode(errors="surrogateescape"), digest_size=12).hexdigest()


def parse_time(text: str, form: str) -> datetime | None:
    """Read a time, `iso` or as strptime has it; None when it is none, without zone where the text has none."""
    try:
        if form == "iso":
            return datetime.fromisoformat(text)
        return datetime.strptime(text, form)  # noqa: DTZ007 - the mapping's zone is added by the caller
    except (ValueError, OverflowError, OSError):
        return None


def typed_as(logical_type: str) -> Callable[[str], Any]:
    """Return how to read a text as a contract's type; what cannot be read stays as text."""
    if logical_type == "integer":
        return _integer
    return _number if logical_type == "number" else str


def _integer(text: str) -> Any:
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value.is_integer() and abs(value) < 2**53 else text


def _number(text: str) -> Any:
    try:
        value = float(text)
    except ValueError:
        return text
    return value if abs(value) < 1e300 else text
