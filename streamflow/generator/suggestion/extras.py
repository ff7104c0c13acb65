"""Fields that a purchase may lack: channel, currency, pieces, coordinates."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from streamflow.generator.places_check import columns_look_swapped
from streamflow.generator.suggestion.names import FIELDS, listed, name_score, words
from streamflow.generator.suggestion.profile import Profile

NAMED = 0.6
MOST_CHANNELS = 20
_CHANNELS = {
    "web": listed("web online internet ecommerce ecom www browser desktop website onlineshop cnp"),
    "app": listed("app mobile ios android smartphone"),
    "in_store": listed(
        "store instore pos chip swipe contactless terminal filiale laden ladengeschaft tienda magasin shop branch "
        "person present nfc counter kasse presencial"
    ),
    "phone": listed("phone telephone call callcenter moto telefon telefono tel"),
}
_CURRENCY = re.compile(r"^[A-Za-z]{3}$")


@dataclass(frozen=True)
class Extra:
    """How to read a field that a purchase may lack.

    Attributes:
        field: The field.
        columns: Where it stands.
        spec: Of the mapping's field.
        score: How much speaks for it.
        why: In words.
        warnings: What to look at.
    """

    field: str
    columns: tuple[str, ...]
    spec: dict[str, Any]
    score: float
    why: str
    warnings: tuple[str, ...] = ()


def channel(profiles: Mapping[str, Profile], taken: Collection[str]) -> Extra | None:
    """Return how a purchase was made; words that no channel has count as none."""
    best: Extra | None = None
    for name, profile in profiles.items():
        named = name_score("channel", name)
        if name in taken or profile.numbers is not None or not 1 < profile.distinct <= MOST_CHANNELS:
            continue
        meant = {value: _channel(value) for value in profile.counts}
        known = sum(profile.counts[value] for value, word in meant.items() if word) / len(profile.filled)
        if known < (0.5 if named >= NAMED else 1.0):
            continue
        spec: dict[str, Any] = {"column": name}
        if profile.quote:
            spec["strip"] = profile.quote
        values = {value: word for value, word in sorted(meant.items()) if word and word != value}
        nobody = [value for value, word in sorted(meant.items()) if not word] + list(profile.none_words)
        spec |= ({"values": values} if values else {}) | ({"empty": nobody} if nobody else {})
        warnings = (
            (f"'{name}' has words that are no channel ({', '.join(nobody[:3])}): they count as none",) if nobody else ()
        )
        found = Extra("channel", (name,), spec, max(named, 0.4), f"{known:.0%} of its words are channels", warnings)
        best = found if best is None or found.score > best.score else best
    return best


def _channel(value: str) -> str | None:
    mine = words(value)
    if value in _CHANNELS:
        return value
    joined = "".join(mine)
    return next((name for name, known in _CHANNELS.items() if joined in known or set(mine) & set(known)), None)


def currency(profiles: Mapping[str, Profile], taken: Collection[str]) -> tuple[Extra, dict[str, int]] | None:
    """Return the column of currencies, and how many rows each has; None without one."""
    for name, profile in profiles.items():
        named = name_score("currency", name)
        codes = 1 <= profile.distinct <= 20 and all(map(_CURRENCY.match, profile.counts)) and profile.empty_share < 0.5
        upper = {value.upper() for value in profile.counts}
        if name in taken or not codes or (named < NAMED and not upper <= {"USD", "EUR", "GBP", "JPY", "CHF"}):
            continue
        values = {value: value.upper() for value in sorted(profile.counts) if value != value.upper()}
        spec: dict[str, Any] = {"column": name} | ({"values": values} if values else {})
        if profile.quote:
            spec["strip"] = profile.quote
        counts: dict[str, int] = {}
        for value, count in profile.counts.most_common():
            counts[value.upper()] = counts.get(value.upper(), 0) + count
        return Extra("currency", (name,), spec, max(named, 0.6), f"codes {', '.join(list(counts)[:4])}"), counts
    return None


def quantity(profiles: Mapping[str, Profile], taken: Collection[str]) -> Extra | None:
    """Return the pieces; None when no column of that name holds 1 to 1000 everywhere."""
    for name, profile in profiles.items():
        low, high = profile.range or (0.0, 0.0)
        if name in taken or name_score("quantity", name) < NAMED or not profile.is_whole:
            continue
        if low >= 1 and high <= 1000:
            return Extra("quantity", (name,), {"column": name}, 0.9, f"whole numbers from {low:g} to {high:g}")
    return None


def coordinates(
    profiles: Mapping[str, Profile], taken: Collection[str], customer: str | None
) -> tuple[Extra, Extra] | None:
    """Return latitude and longitude; None without a pair of columns.

    Of several pairs the one that changes within a customer is taken: where somebody lives says nothing of a purchase.
    """
    best: tuple[float, Extra, Extra] | None = None
    free = [name for name in profiles if name not in taken]
    norths, easts = ([name for name in free if name_score(axis, name) >= NAMED] for axis in ("latitude", "longitude"))
    for north in norths:
        for east in easts:
            named = min(name_score("latitude", north), name_score("longitude", east))
            if not _is_pair(north, east):
                continue
            fits = _pair(profiles[north], profiles[east])
            if fits is None:
                continue
            moves = _moves(profiles[north], profiles.get(customer or ""))
            if best is None or named + moves > best[0]:
                best = (named + moves, *fits)
    return None if best is None else (best[1], best[2])


def _is_pair(north: str, east: str) -> bool:
    """Return whether two names differ in nothing but latitude and longitude."""
    plain = [
        {word for word in words(name) if not any(word == known.rstrip("*") for known in FIELDS[axis])}
        for name, axis in ((north, "latitude"), (east, "longitude"))
    ]
    return plain[0] == plain[1]


def _pair(north: Profile, east: Profile) -> tuple[Extra, Extra] | None:
    if north.numbers is None or east.numbers is None or len(north.numbers) != len(east.numbers):
        return None
    why = (
        f"{north.range[0]:.4g} to {north.range[1]:.4g}, {east.range[0]:.4g} to {east.range[1]:.4g}"
        if north.range and east.range
        else ""
    )
    warnings: tuple[str, ...] = ()
    if columns_look_swapped(north.numbers, east.numbers):
        warnings = (f"latitude and longitude look swapped: '{north.name}' is taken for the longitude",)
        north, east = east, north
    numbers = north.numbers, east.numbers
    if numbers[0] is None or numbers[1] is None or float(np.abs(numbers[1]).max()) > 360:
        return None
    at_zero = float(((numbers[0] == 0) & (numbers[1] == 0)).mean())
    specs: list[dict[str, Any]] = [{"column": north.name}, {"column": east.name}]
    for spec, profile in zip(specs, (north, east), strict=True):
        empty = list(profile.none_words)
        if at_zero > 0.005:
            empty += sorted({value for value in profile.counts if float(value or 1) == 0})
        if empty:
            spec["empty"] = empty
    if at_zero > 0.005:
        warnings = (*warnings, f"{at_zero:.1%} of places are 0, 0, which means that nobody knew: they count as none")
    return (
        Extra("latitude", (north.name,), specs[0], 0.9, why, warnings),
        Extra("longitude", (east.name,), specs[1], 0.9, ""),
    )


def _moves(north: Profile, customers: Profile | None) -> float:
    """Return the share of customers with several purchases who are not always at the same place."""
    if customers is None:
        return 0.0
    seen: dict[str, set[str]] = {}
    times: dict[str, int] = {}
    for who, where in zip(customers.values, north.values, strict=True):
        seen.setdefault(who, set()).add(where)
        times[who] = times.get(who, 0) + 1
    several = [who for who, count in times.items() if count > 1]
    return sum(len(seen[who]) > 1 for who in several) / len(several) if several else 0.0
