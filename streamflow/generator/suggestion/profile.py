"""What a column holds, as far as a sample shows: its type, how distinct its values are, its range, its shapes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

NONE_WORDS = frozenset({"NULL", "null", "NA", "N/A", "n/a", "nan", "NaN", "None", "none", "\\N", "<NA>", "NaT"})
MOST_TOP = 40
ODD_SHARE, MOST_ODD = 0.02, 2
_LETTERS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "a" * 26 + "A" * 26 + "9" * 10
)


@dataclass(frozen=True)
class Profile:
    """A column of a sample.

    Attributes:
        name: The column.
        values: One a row, stripped of blanks and of quotes that enclose every one; empty where the cell means none.
        quote: The quotes, when they enclose every value.
        none_words: Words in the column that mean none.
    """

    name: str
    values: list[str]
    quote: str = ""
    none_words: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, cells: list[str]) -> Profile:
        """Look at a column's cells."""
        plain = [cell.strip() for cell in cells]
        words = tuple(sorted(NONE_WORDS.intersection(plain)))
        if words:
            plain = ["" if cell in NONE_WORDS else cell for cell in plain]
        filled = [cell for cell in plain if cell]
        quote = ""
        if filled and all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in filled):
            quote, plain = "'", [cell[1:-1] for cell in plain]
        return cls(name, plain, quote, words)

    @cached_property
    def filled(self) -> list[str]:
        """Values that are there."""
        return [value for value in self.values if value]

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each value is there."""
        return Counter(self.filled)

    @property
    def empty_share(self) -> float:
        """Share of rows without a value."""
        return 1 - len(self.filled) / len(self.values) if self.values else 1.0

    @property
    def distinct(self) -> int:
        """Distinct values."""
        return len(self.counts)

    @property
    def distinct_share(self) -> float:
        """Distinct values over values."""
        return self.distinct / len(self.filled) if self.filled else 0.0

    @cached_property
    def numbers(self) -> npt.NDArray[np.float64] | None:
        """The values as numbers; None unless nearly all of them are."""
        found = [number for number in map(_number, self.filled) if number is not None]
        if not found or len(self.filled) - len(found) > odd_ones(len(self.filled)):
            return None
        return np.array(found)

    @cached_property
    def is_whole(self) -> bool:
        """Whether every value is a whole number."""
        numbers = self.numbers
        return numbers is not None and bool((numbers == np.floor(numbers)).all())

    @property
    def kind(self) -> str:
        """Whole, number, word (few distinct texts), text or empty."""
        if not self.filled:
            return "empty"
        if self.numbers is not None:
            return "whole" if self.is_whole else "number"
        return "word" if self.distinct <= MOST_TOP else "text"

    @property
    def range(self) -> tuple[float, float] | None:
        """The least and the greatest number."""
        numbers = self.numbers
        return None if numbers is None else (float(numbers.min()), float(numbers.max()))

    def shapes(self, most: int = 3) -> list[str]:
        """Return how values look, most common first: 9 for digits, a and A for letters; nobody's value is shown."""
        found = Counter(value[:24].translate(_LETTERS) for value in self.filled)
        return [shape for shape, _ in found.most_common(most)]

    def is_card_number(self) -> bool:
        """Return whether these are card numbers: 12 to 19 digits that nearly all pass the check digit."""
        some = list(self.counts)[:500]
        if not some or not all(value.isdigit() and 12 <= len(value) <= 19 for value in some):
            return False
        return sum(map(_passes_luhn, some)) > 0.8 * len(some)


def odd_ones(rows: int) -> float:
    """Return how many of some values may be odd ones: two in a hundred; of few rows two, at most a fourth."""
    return max(ODD_SHARE * rows, min(MOST_ODD, rows // 4))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e300 else None


def _passes_luhn(digits: str) -> bool:
    total = 0
    for at, digit in enumerate(map(int, reversed(digits))):
        twice = digit * 2 if at % 2 else digit
        total += twice - 9 if twice > 9 else twice
    return total % 10 == 0
