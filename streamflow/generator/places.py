"""Cities of the simulated world, and distances on the sphere.

Positions are public geography, rounded to a hundredth of a degree. The offset from UTC is the standard one all year:
the world knows no daylight saving time, because a customer's clock must be a fact of the record, not of a zone
database.
"""

from __future__ import annotations

import math
from typing import NamedTuple

EARTH_RADIUS_KM = 6371.0088
KM_PER_DEGREE = 111.195


class City(NamedTuple):
    """A place where customers live; `weight` is its share of them before normalising."""

    name: str
    country: str
    latitude: float
    longitude: float
    utc_offset_min: int
    weight: float


CITIES: tuple[City, ...] = (
    City("New York", "US", 40.71, -74.01, -300, 9.0),
    City("Chicago", "US", 41.88, -87.63, -360, 5.0),
    City("Los Angeles", "US", 34.05, -118.24, -480, 7.0),
    City("Houston", "US", 29.76, -95.37, -360, 4.0),
    City("Denver", "US", 39.74, -104.99, -420, 2.5),
    City("Seattle", "US", 47.61, -122.33, -480, 3.0),
    City("Atlanta", "US", 33.75, -84.39, -300, 3.0),
    City("Miami", "US", 25.76, -80.19, -300, 3.0),
    City("Boston", "US", 42.36, -71.06, -300, 3.0),
    City("San Francisco", "US", 37.77, -122.42, -480, 4.0),
    City("Toronto", "CA", 43.65, -79.38, -300, 3.0),
    City("Vancouver", "CA", 49.28, -123.12, -480, 1.5),
    City("Mexico City", "MX", 19.43, -99.13, -360, 2.5),
    City("Sao Paulo", "BR", -23.55, -46.63, -180, 2.5),
    City("London", "GB", 51.51, -0.13, 0, 5.0),
    City("Manchester", "GB", 53.48, -2.24, 0, 1.5),
    City("Paris", "FR", 48.86, 2.35, 60, 3.0),
    City("Berlin", "DE", 52.52, 13.41, 60, 3.0),
    City("Munich", "DE", 48.14, 11.58, 60, 1.5),
    City("Madrid", "ES", 40.42, -3.70, 60, 2.0),
    City("Milan", "IT", 45.46, 9.19, 60, 1.5),
    City("Amsterdam", "NL", 52.37, 4.90, 60, 1.5),
    City("Stockholm", "SE", 59.33, 18.07, 60, 1.0),
    City("Warsaw", "PL", 52.23, 21.01, 60, 1.2),
    City("Istanbul", "TR", 41.01, 28.98, 180, 1.2),
    City("Dubai", "AE", 25.20, 55.27, 240, 0.8),
    City("Mumbai", "IN", 19.08, 72.88, 330, 2.0),
    City("Singapore", "SG", 1.35, 103.82, 480, 1.2),
    City("Tokyo", "JP", 35.68, 139.69, 540, 2.0),
    City("Sydney", "AU", -33.87, 151.21, 600, 1.5),
    City("Auckland", "NZ", -36.85, 174.76, 720, 0.6),
)

STORES: tuple[tuple[str, str, str], ...] = (
    ("Online", "New York", "online"),
    ("Fifth Avenue", "New York", "flagship"),
    ("The Loop", "Chicago", "outlet"),
    ("Melrose", "Los Angeles", "flagship"),
    ("Mission", "San Francisco", "outlet"),
    ("Peachtree", "Atlanta", "outlet"),
    ("Queen Street", "Toronto", "flagship"),
    ("Covent Garden", "London", "flagship"),
    ("Marais", "Paris", "popup"),
    ("Mitte", "Berlin", "outlet"),
)


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Return the great-circle distance of two places given in degrees (haversine)."""
    a, b = math.radians(latitude), math.radians(other_latitude)
    half = math.sin((b - a) / 2) ** 2
    half += math.cos(a) * math.cos(b) * math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))
