"""How amounts are written: decimal point or comma, thousands, symbols, or whole minor units."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from streamflow.generator.readings import Money, parse_minor
from streamflow.generator.suggestion.names import words
from streamflow.generator.suggestion.profile import Profile, odd_ones

MOST_TRIED = 1_000
CURRENCY_SIGNS = {"$": "USD", "\u20ac": "EUR", "\u00a3": "GBP", "\u00a5": "JPY", "\u20b9": "INR", "\u20bd": "RUB"}
NO_DIGITS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "HUF"})
MINOR_WORDS = frozenset({"cents", "cent", "minor", "pence", "centavos", "centimes", "ct"})
_CORE = re.compile(r"[0-9][0-9.,' \u00a0\u2019]*")
_OF_NUMBERS = frozenset("0123456789.,'-+() \u00a0\u2019")
_EXPONENT = re.compile(r"(?<=[0-9.])[eE](?=[-+]?[0-9])")
_PRICE_ENDS = (0, 49, 50, 90, 95, 99)


@dataclass(frozen=True)
class AmountFit:
    """How to read an amount.

    Attributes:
        money: As the mapping has it.
        positive: Share of them over zero.
        why: In words.
        sign: The currency that a sign names.
        sure: Whether the digits leave no doubt.
        rounded: Share of amounts with more digits than the currency.
    """

    money: Money
    positive: float
    why: str
    sign: str | None
    sure: bool
    rounded: float

    def spec(self) -> dict[str, Any]:
        """Return what differs from a plain amount, as the mapping has it."""
        plain, mine = Money(), self.money
        return {
            name: getattr(mine, name) for name in mine.__struct_fields__ if getattr(mine, name) != getattr(plain, name)
        }


def amount_fit(profile: Profile, currency: str = "USD") -> AmountFit | None:
    """Return how to read a column as amounts; None when it holds none.

    Args:
        profile: The column.
        currency: Of the deployment; it says how many digits there are.
    """
    texts = profile.filled[:MOST_TRIED]
    if not texts:
        return None
    decimal, thousands, sure = _separators(texts)
    seen = Counter(char for text in texts for char in set(_EXPONENT.sub("", text)) - _OF_NUMBERS)
    symbols = "".join(sorted(char for char, count in seen.items() if count > odd_ones(len(texts))))
    if len(symbols) > 6:
        return None
    digits = 0 if currency in NO_DIGITS else 2
    unit, unit_why, unit_sure = _unit(profile)
    money = Money(symbols=symbols, thousands=thousands, decimal=decimal, digits=digits, unit=unit)  # type: ignore[arg-type]
    read = [found for text in texts if (found := parse_minor(text, money)) is not None]
    if not read or len(texts) - len(read) > odd_ones(len(texts)):
        return None
    said = [f"'{decimal}' before decimals"] if any(decimal in text for text in texts) else ["whole numbers"]
    if thousands:
        said.append(f"'{thousands}' between thousands")
    if symbols:
        said.append(f"with {symbols}")
    said.append(unit_why)
    sign = next((code for char, code in CURRENCY_SIGNS.items() if char in symbols), None)
    positive = sum(minor > 0 for minor, _ in read) / len(read)
    rounded = sum(was for _, was in read) / len(read)
    return AmountFit(money, positive, ", ".join(filter(None, said)), sign, sure and unit_sure, rounded)


def _separators(texts: list[str]) -> tuple[str, str, bool]:
    """Return decimal separator, separator of thousands, and whether the digits leave no doubt."""
    votes: Counter[str] = Counter()
    thousands: Counter[str] = Counter()
    for text in texts:
        found = _CORE.search(text)
        core = found.group().rstrip(" \u00a0") if found else ""
        marks = [char for char in core if char in ".,"]
        for char in ("'", "\u2019"):
            thousands[char] += char in core
        if len(set(marks)) == 2:
            votes[marks[-1]] += 1
            thousands[marks[0]] += 1
        elif len(marks) > 1:
            thousands[marks[0]] += 1
        elif marks and (len(core.rpartition(marks[0])[2]) != 3 or core.startswith("0")):
            votes[marks[0]] += 1
        elif marks:
            votes[f"{marks[0]}?"] += 1
    decimal = "," if votes[","] > votes["."] else "."
    sure = bool(votes[","] or votes["."]) or not (votes[",?"] or votes[".?"])
    if not sure:
        # Every value has three digits behind its only mark: a comma stands between thousands, a point before decimals.
        if votes[",?"]:
            thousands[","] += 1
        decimal = "."
    other = "," if decimal == "." else "."
    if votes[f"{other}?"]:
        thousands[other] += 1
    del thousands[decimal]
    best = max(thousands, key=lambda char: thousands[char], default="")
    return decimal, best if thousands[best] else "", sure


def _unit(profile: Profile) -> tuple[str, str, bool]:
    """Return major or minor, why, and whether that is sure."""
    if MINOR_WORDS & set(words(profile.name)):
        return "minor", "minor units by the name", profile.is_whole
    if not profile.is_whole or "." in "".join(profile.filled[:50]):
        return "major", "", True
    numbers = profile.numbers
    if numbers is None or len(numbers) < 20:
        return "major", "", False
    ends = float(sum(((numbers % 100) == end).mean() for end in _PRICE_ENDS))
    if float(abs(numbers).mean()) > 500 and ends > 0.6 and float(((numbers % 100) == 0).mean()) < 0.5:
        return "minor", "they end as prices in minor units do", False
    return "major", "taken for major units", False
