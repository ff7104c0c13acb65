"""Version numbers: three of them, decided by what changed and not by hand (ADR 0010)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from streamflow.errors import InputError

Level = Literal["patch", "minor", "major"]
LEVELS: tuple[Level, ...] = ("patch", "minor", "major")
FIRST = "1.0.0"

_NUMBER = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
_LOOSE = re.compile(r"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?")


def parse_version(text: str, place: str) -> tuple[int, int, int]:
    """Return the three numbers of a version.

    Args:
        text: As 1.0.0.
        place: The file or argument, for the error.

    Raises:
        InputError: It is none; the sentence names the nearest one.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        loose = _LOOSE.match(text)
        meant = ".".join(str(int(part or 0)) for part in loose.groups()) if loose else FIRST
        raise InputError(f"{place}: '{text}' is no version; did you mean '{meant}'?")
    major, minor, patch = match.groups()
    return int(major), int(minor), int(patch)


def is_version(text: str) -> bool:
    """Say whether a text is a version, as 1.0.0."""
    return _NUMBER.fullmatch(text) is not None


def ordered(versions: Iterable[str]) -> list[str]:
    """Sort versions by their numbers, oldest first."""
    return sorted(versions, key=lambda version: parse_version(version, version))


def bump(version: str, level: Level) -> str:
    """Return the version that follows another at a level: 1.2.3 is followed by 1.2.4, 1.3.0 or 2.0.0."""
    major, minor, patch = parse_version(version, version)
    if level == "major":
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if level == "minor" else f"{major}.{minor}.{patch + 1}"


def level_between(old: str, new: str) -> Level | None:
    """Return the level at which a version follows another; None when it does not follow it directly."""
    return next((level for level in LEVELS if bump(old, level) == new), None)


def worst(levels: Iterable[Level]) -> Level | None:
    """Return the highest level; None when there is none."""
    return max(levels, key=LEVELS.index, default=None)


def below(version: str, versions: Iterable[str]) -> str | None:
    """Return the highest of `versions` below a version; None when there is none."""
    limit = parse_version(version, version)
    older = [one for one in versions if parse_version(one, one) < limit]
    return ordered(older)[-1] if older else None
