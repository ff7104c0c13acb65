"""geographic: a purchase too far from where the customer just was.

Measures: `distance_km`, the longest great-circle distance to the earlier purchases in (t - window, t], and `speed_kmh`,
the highest speed that one of those distances would have taken. The line is the heavier of the two. Great circles know
neither date line nor poles: 179.9 E and 179.9 W are neighbours. Purchases without a complete pair of coordinates are
skipped; without coordinates of its own the rule is not applicable to a purchase. Known evasion: hide the place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from streamflow.rules.history import CustomerState
from streamflow.rules.ladder import Ladder, Reading, heaviest, line_of, not_applicable, nothing_observed, round_scaled
from streamflow.rules.model import Line, Purchase
from streamflow.rules.velocity import duration, window_start

NAME = "geographic"
EARTH_RADIUS_KM = 6371.0088
_KM_PER_DEGREE = 111.2
"""A little more than a degree of a great circle, so that degrees bound a distance from above."""
LEAST_HOURS = 60 / 3600
"""Two purchases within a minute count as a minute apart: a city's width in a second is no journey."""


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Return the great-circle distance by the haversine formula, kilometres; coordinates in degrees.

    Source: R. W. Sinnott, Virtues of the Haversine, Sky and Telescope 68 (1984); mean radius of the IUGG.
    """
    phi, other_phi = math.radians(latitude), math.radians(other_latitude)
    half_phi = math.sin((other_phi - phi) / 2)
    half_lambda = math.sin(math.radians(other_longitude - longitude) / 2)
    chord = half_phi * half_phi + math.cos(phi) * math.cos(other_phi) * half_lambda * half_lambda
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, chord)))


class Journey(NamedTuple):
    """The extreme of one measure: its scaled value and the row of the earlier purchase it was taken to."""

    scaled: int
    row: int


@dataclass(frozen=True, slots=True)
class Geographic:
    """The rule with its parameters.

    Attributes:
        window_s: How far back positions count, seconds.
        window_us: The same in microseconds.
        distance: Bands of `distance_km`.
        speed: Bands of `speed_kmh`; without bands the measure is off.
    """

    window_s: int
    window_us: int
    distance: Ladder
    speed: Ladder

    @property
    def least_km(self) -> float:
        """A distance below which no band of `distance_km` can be reached, rounding included."""
        return self.distance.lowest / self.distance.scale - 1.0

    @property
    def least_kmh(self) -> float:
        """A speed below which no band of `speed_kmh` can be reached, rounding included."""
        return self.speed.lowest / self.speed.scale - 1.0

    def observe(self, purchase: Purchase, history: CustomerState, end: int) -> tuple[Journey, Journey] | None:
        """Return the longest distance and the highest speed, or None when there is no earlier position."""
        latitude, longitude = purchase.latitude, purchase.longitude
        if latitude is None or longitude is None:
            return None
        start = window_start(history, end, purchase.event_time_us - self.window_us)
        far, fast = Journey(-1, -1), Journey(-1, -1)
        for row in range(end - 1, start - 1, -1):
            there_latitude, there_longitude = history.latitudes[row], history.longitudes[row]
            if there_latitude is None or there_longitude is None:
                continue
            km = distance_km(latitude, longitude, there_latitude, there_longitude)
            # The nearest in time comes first, so of equal extremes the latest purchase is the evidence.
            far = max(far, Journey(round_scaled(km, self.distance.scale), row), key=_scaled)
            hours = max((purchase.event_time_us - history.times[row]) / 3_600_000_000, LEAST_HOURS)
            fast = max(fast, Journey(round_scaled(km / hours, self.speed.scale), row), key=_scaled)
        return None if far.row < 0 else (far, fast)

    def _strongest(self, journeys: tuple[Journey, Journey]) -> tuple[Reading, int]:
        far, fast = journeys
        readings = [Reading(self.distance, far.scaled)]
        if self.speed.rungs:
            readings.append(Reading(self.speed, fast.scaled))
        reading = heaviest(readings)
        return reading, far.row if reading.ladder is self.distance else fast.row

    def evaluate(self, purchase: Purchase, history: CustomerState, end: int) -> int:
        """Return the line's weight, micro log-odds."""
        latitude, longitude = purchase.latitude, purchase.longitude
        if latitude is None or longitude is None:
            return 0
        least_km, least_kmh, time_us = self.least_km, self.least_kmh, purchase.event_time_us
        for row in range(window_start(history, end, time_us - self.window_us), end):
            there_latitude, there_longitude = history.latitudes[row], history.longitudes[row]
            if there_latitude is None or there_longitude is None:
                continue
            # Along a meridian and then a parallel is never shorter than the great circle; most journeys end here.
            most_km = (abs(latitude - there_latitude) + abs(longitude - there_longitude)) * _KM_PER_DEGREE
            hours = max((time_us - history.times[row]) / 3_600_000_000, LEAST_HOURS)
            if most_km >= least_km or most_km >= least_kmh * hours:
                journeys = self.observe(purchase, history, end)
                return 0 if journeys is None else self._strongest(journeys)[0].weight_ulo
        return 0

    def evidence(self, purchase: Purchase, history: CustomerState, end: int) -> list[str]:
        """Return the id of the earlier purchase that the line's value was taken to."""
        journeys = self.observe(purchase, history, end)
        return [] if journeys is None else [history.ids[self._strongest(journeys)[1]]]

    def line(self, purchase: Purchase, history: CustomerState, end: int) -> Line:
        """Explain the place."""
        if purchase.latitude is None or purchase.longitude is None:
            return not_applicable(NAME, "The purchase has no coordinates")
        journeys = self.observe(purchase, history, end)
        if journeys is None:
            sentence = f"No earlier purchase with coordinates within {duration(self.window_s)}"
            return nothing_observed(NAME, self.distance, sentence)
        reading, row = self._strongest(journeys)
        unit = "km" if reading.ladder is self.distance else "km/h"
        before = duration((purchase.event_time_us - history.times[row]) // 1_000_000)
        sentence = f"{reading.ladder.shown(reading.scaled)} {unit} from purchase {history.ids[row]}, {before} before"
        limit = reading.ladder.limit(reading.strength)
        if limit is not None:
            sentence += f"; the limit is {limit} {unit} within {duration(self.window_s)}"
        return line_of(NAME, reading, sentence)


def _scaled(journey: Journey) -> int:
    return journey.scaled
