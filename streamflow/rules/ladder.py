"""Bands of strength: where a measure's value stands, and what that weighs.

A measure is rounded to its digits first and compared as an integer afterwards, so that the value which a person reads
is the value which was compared.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from streamflow.rules.model import Line


def plain_number(value: int | float) -> int | float:
    """Return a whole number as an integer, so that 3.0 and 3 are written alike."""
    return int(value) if value == int(value) else value


@dataclass(frozen=True, slots=True)
class Rung:
    """One band of a measure.

    Attributes:
        band: Its id.
        at_least: Its bound, in the measure's unit, inclusive.
        weight_ulo: What it adds, micro log-odds.
    """

    band: str
    at_least: int | float
    weight_ulo: int


class Ladder:
    """The bands of one measure, weakest first.

    Attributes:
        measure: Its name.
        unit: Unit of values and bounds.
        digits: Decimal digits to which values are rounded before they are compared.
        scale: 10 ** digits; a *scaled* value is the integer `value * scale`.
        lowest: The scaled bound of the weakest band; without bands no value reaches it.
        rungs: The bands.
    """

    __slots__ = ("_bounds", "digits", "lowest", "measure", "rungs", "scale", "unit")

    def __init__(self, measure: str, unit: str, digits: int, rungs: Sequence[Rung]) -> None:
        self.measure = measure
        self.unit = unit
        self.digits = digits
        self.scale: int = 10**digits
        self.rungs = tuple(rungs)
        # Through text: 0.1 means the decimal number of the contract, not the nearest binary fraction.
        self._bounds = [math.ceil(Decimal(str(rung.at_least)) * self.scale) for rung in rungs]
        self.lowest: float = self._bounds[0] if self._bounds else math.inf

    def strength(self, scaled: int) -> int:
        """Return how many bands a scaled value reaches."""
        return bisect_right(self._bounds, scaled)

    def weight(self, strength: int) -> int:
        """Return what that strength adds, micro log-odds; strength 0 adds nothing."""
        return self.rungs[strength - 1].weight_ulo if strength else 0

    def limit(self, strength: int) -> int | float | None:
        """Return the bound of the band reached, else that of the weakest one."""
        return plain_number(self.rungs[max(strength - 1, 0)].at_least) if self.rungs else None

    def shown(self, scaled: int) -> int | float:
        """Return a scaled value in the measure's unit, as decisions carry it: whole numbers as integers."""
        whole, rest = divmod(scaled, self.scale)
        return scaled / self.scale if rest else whole


@dataclass(frozen=True, slots=True)
class Reading:
    """A measure with its rounded value: what a line is made of.

    Attributes:
        ladder: The measure's bands.
        scaled: The value times `ladder.scale`.
    """

    ladder: Ladder
    scaled: int

    @property
    def strength(self) -> int:
        """How many bands the value reaches."""
        return self.ladder.strength(self.scaled)

    @property
    def weight_ulo(self) -> int:
        """What the value adds, micro log-odds."""
        return self.ladder.weight(self.strength)


def heaviest(readings: Sequence[Reading]) -> Reading:
    """Return the reading that weighs most; of equal ones the stronger, then the first."""
    return max(readings, key=lambda reading: (reading.weight_ulo, reading.strength))


def round_scaled(value: float, scale: int) -> int:
    """Round a non-negative value half up to an integer number of 1/scale."""
    return math.floor(value * scale + 0.5)


def line_of(rule: str, reading: Reading, sentence: str) -> Line:
    """Return the line of a rule that had something to observe."""
    ladder, strength = reading.ladder, reading.strength
    value = ladder.shown(reading.scaled)
    return Line(
        rule,
        True,
        ladder.measure,
        value,
        ladder.rungs[strength - 1].band if strength else None,
        value,
        ladder.limit(strength),
        ladder.unit,
        ladder.weight(strength),
        sentence,
    )


def nothing_observed(rule: str, ladder: Ladder, sentence: str) -> Line:
    """Return the line of a rule that applies, but had nothing to compare with."""
    return Line(rule, True, ladder.measure, None, None, None, ladder.limit(0), ladder.unit, 0, sentence)


def not_applicable(rule: str, sentence: str) -> Line:
    """Return the line of a rule that needs something the data lack; the sentence says what."""
    return Line(rule, False, None, None, None, None, None, None, 0, sentence)
