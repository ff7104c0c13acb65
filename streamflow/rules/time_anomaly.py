"""time_anomaly: a purchase at an hour at which this customer does not buy.

Measure: `deviation_sigma`, the distance round the clock from the circular mean of the customer's local minutes of day,
in circular standard deviations (at least `min_sigma_min` minutes)::

    R = |sum of unit vectors| / n        sigma = sqrt(-2 ln R)        (Mardia and Jupp, Directional Statistics, 2000)

23:30 and 00:30 are an hour apart. Needs `min_history` purchases. Local time is the purchase's `utc_offset_min`, else
UTC. Known evasion: buy at the customer's usual hour; a customer without habits has a deviation too wide to fire.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from streamflow.rules.history import Sums
from streamflow.rules.ladder import Ladder, Reading, line_of, not_applicable, round_scaled
from streamflow.rules.model import Line, Purchase

NAME = "time_anomaly"
DAY_MIN = 1440
CIRCLE = 1_000_000
_MINUTE_US = 60_000_000
_MINUTES_PER_RADIAN = DAY_MIN / (2 * math.pi)

COS = tuple(round(CIRCLE * math.cos(minute / _MINUTES_PER_RADIAN)) for minute in range(DAY_MIN))
SIN = tuple(round(CIRCLE * math.sin(minute / _MINUTES_PER_RADIAN)) for minute in range(DAY_MIN))
"""Unit vectors of the minutes of a day, as integers, so that sums of them are exact in any order."""


def minute_of_day(purchase: Purchase) -> int:
    """Return the local minute of day, 0 to 1439."""
    return (purchase.event_time_us // _MINUTE_US + (purchase.utc_offset_min or 0)) % DAY_MIN


def mean_minute(sums: Sums) -> float:
    """Return the circular mean of the minutes of day, 0 up to 1440."""
    return math.atan2(sums.sin_sum, sums.cos_sum) * _MINUTES_PER_RADIAN % DAY_MIN


def deviation_min(sums: Sums) -> float:
    """Return the circular standard deviation in minutes; infinite when the hours cancel out."""
    length = math.hypot(sums.cos_sum, sums.sin_sum) / (sums.count * CIRCLE)
    if length <= 0.0:
        return math.inf
    return math.sqrt(-2.0 * math.log(min(length, 1.0))) * _MINUTES_PER_RADIAN


def clock(minute: float) -> str:
    """Write a minute of day as hours and minutes."""
    whole = math.floor(minute + 0.5) % DAY_MIN
    return f"{whole // 60:02d}:{whole % 60:02d}"


@dataclass(frozen=True, slots=True)
class TimeAnomaly:
    """The rule with its parameters.

    Attributes:
        min_history: Purchases that a habit needs.
        min_sigma_min: The least deviation, minutes; a customer who always buys at noon may come at half past.
        deviation: Bands of `deviation_sigma`.
    """

    min_history: int
    min_sigma_min: float
    deviation: Ladder

    def observe(self, purchase: Purchase, sums: Sums) -> int | None:
        """Return the scaled deviation, or None while there is no habit to compare with."""
        if sums.count < self.min_history or sums.count == 0:
            return None
        apart = abs(minute_of_day(purchase) - mean_minute(sums))
        if apart > DAY_MIN / 2:
            apart = DAY_MIN - apart
        return round_scaled(apart / max(deviation_min(sums), self.min_sigma_min), self.deviation.scale)

    def evaluate(self, purchase: Purchase, sums: Sums) -> int:
        """Return the line's weight, micro log-odds."""
        scaled = self.observe(purchase, sums)
        if scaled is None or scaled < self.deviation.lowest:
            return 0
        return self.deviation.weight(self.deviation.strength(scaled))

    def line(self, purchase: Purchase, sums: Sums) -> Line:
        """Explain the hour."""
        ladder = self.deviation
        scaled = self.observe(purchase, sums)
        if scaled is None:
            return not_applicable(NAME, f"{sums.count} earlier purchases; a habit needs {max(self.min_history, 1)}")
        reading = Reading(ladder, scaled)
        sentence = (
            f"{clock(minute_of_day(purchase))} local time is {ladder.shown(scaled)} deviations from the customer's "
            f"usual {clock(mean_minute(sums))}"
        )
        limit = ladder.limit(reading.strength)
        return line_of(NAME, reading, sentence if limit is None else f"{sentence}; the limit is {limit}")
