"""Coordinates that cannot be right: out of range, at zero, or with latitude and longitude in each other's place."""

from __future__ import annotations

import math
from array import array
from typing import Any

import msgspec
import numpy as np

FAR_DEGREES, NEAR_DEGREES = 25.0, 8.0
FEWEST = 20
MOST_SOUTHERN, MOST_NORTHERN = -56.0, 75.0
"""Latitudes between which people shop: from Tierra del Fuego to Svalbard's south."""


class PlacesSeen(msgspec.Struct):
    """Where purchases happened.

    Attributes:
        given: Rows with both coordinates as numbers.
        half: Rows with one of them.
        out_of_range: Rows beyond 90 or 180 degrees.
        out_of_range_first: Line of the first.
        at_zero: Rows at exactly 0, 0, which mostly means that nobody knew.
        fits_swapped: Of the rows out of range, those that would be in range with the two exchanged.
        swapped: Rows in range that lie far from the others, but among them with the two exchanged.
        swapped_first: Line of the first.
        columns_swapped: Whether nearly all rows look exchanged, so that the mapping itself is the suspect.
    """

    given: int = 0
    half: int = 0
    out_of_range: int = 0
    out_of_range_first: int | None = None
    at_zero: int = 0
    fits_swapped: int = 0
    swapped: int = 0
    swapped_first: int | None = None
    columns_swapped: bool = False


class Places:
    """Collects coordinates; 24 bytes a row."""

    def __init__(self) -> None:
        """Begin with none."""
        self._latitudes, self._longitudes, self._lines = array("d"), array("d"), array("q")
        self._half = 0

    def add(self, latitude: Any, longitude: Any, line: int) -> None:
        """Add a row's; what is no number is no place."""
        given = [isinstance(one, int | float) and math.isfinite(one) for one in (latitude, longitude)]
        if all(given):
            self._latitudes.append(latitude)
            self._longitudes.append(longitude)
            self._lines.append(line)
        else:
            self._half += any(given)

    def result(self) -> PlacesSeen:
        """Judge them together."""
        north, east = np.frombuffer(self._latitudes), np.frombuffer(self._longitudes)
        seen = PlacesSeen(given=len(north), half=self._half)
        if not len(north):
            return seen
        outside = (np.abs(north) > 90) | (np.abs(east) > 180)
        seen.out_of_range = int(outside.sum())
        seen.out_of_range_first = self._first(outside)
        seen.at_zero = int(((north == 0) & (east == 0)).sum())
        seen.fits_swapped = int((outside & (np.abs(east) <= 90) & (np.abs(north) <= 180)).sum())
        exchanged = ~outside & swapped_rows(north, east, outside)
        seen.swapped, seen.swapped_first = int(exchanged.sum()), self._first(exchanged)
        seen.columns_swapped = columns_look_swapped(north, east)
        return seen

    def _first(self, rows: np.ndarray[Any, np.dtype[np.bool_]]) -> int | None:
        return self._lines[int(np.argmax(rows))] if rows.any() else None


def columns_look_swapped(north: np.ndarray[Any, Any], east: np.ndarray[Any, Any]) -> bool:
    """Return whether two columns are each other's: as they stand most places are none where people shop.

    Args:
        north: Shape (rows,); what is called latitude, degrees.
        east: Shape (rows,); what is called longitude, degrees.
    """
    told = (north != 0) | (east != 0)
    north, east = north[told], east[told]
    if not len(north):
        return False
    return _inhabited(north, east) < 0.5 < _inhabited(east, north)


def _inhabited(north: np.ndarray[Any, Any], east: np.ndarray[Any, Any]) -> float:
    inside = (north >= MOST_SOUTHERN) & (north <= MOST_NORTHERN) & (np.abs(east) <= 180)
    return float(inside.mean())


def swapped_rows(
    north: np.ndarray[Any, Any], east: np.ndarray[Any, Any], outside: np.ndarray[Any, Any]
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return the rows that lie far from the middle of all, but near it with the two exchanged.

    Only a shop of one region has such a middle; where places are spread over the world nothing is suspected.
    """
    nothing = np.zeros(len(north), dtype=np.bool_)
    inside = ~outside & ((north != 0) | (east != 0))
    if inside.sum() < FEWEST:
        return nothing
    middle_north, middle_east = float(np.median(north[inside])), float(np.median(east[inside]))

    def distance(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        apart: np.ndarray[Any, Any] = np.maximum(np.abs(one - middle_north), np.abs(other - middle_east))
        return apart

    if (distance(north, east)[inside] < FAR_DEGREES).mean() < 0.9:
        return nothing
    suspects: np.ndarray[Any, np.dtype[np.bool_]] = (
        inside & (distance(north, east) > FAR_DEGREES) & (distance(east, north) < NEAR_DEGREES)
    )
    return suspects
