"""RFC 3339 times with a zone, as epoch microseconds and back; stricter than `datetime.fromisoformat`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_US, LAST_US = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The first and the last microsecond that have a date: those of the years 1 and 9999, UTC."""

# fromisoformat alone would also take week dates, a comma, a blank for T, and more than six digits, which it cuts off.
# Offsets beyond 14 h exist nowhere and PostgreSQL refuses those from 16 h on.
_SHAPE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_matches = _SHAPE.fullmatch
_read = datetime.fromisoformat

# The forms that producers write, `2026-03-01T09:` `15:02` `.125Z` or `Z`, are looked up in three parts: a third of the
# time of reading them. Only what the slow way has read gets into the hours, so it takes whatever is found here.
_MINUTES = {f"{m:02}:{s:02}": (m * 60 + s) * 1_000_000 for m in range(60) for s in range(60)}
_FRACTIONS = {f".{ms:03}Z": ms * 1_000 for ms in range(1_000)} | {"Z": 0}
_HOURS: dict[str, int] = {}
_MOST_HOURS = 10_000


def parse_us(text: str) -> int | None:
    """Return microseconds since 1970-01-01T00:00:00Z, or None when `text` is no RFC 3339 time with a zone.

    Args:
        text: As `2026-03-01T09:15:02.125Z`; at most six fraction digits, no leap second, and in UTC a year from 1 to
            9999, since nothing further down could write another.
    """
    try:
        return _HOURS[text[:14]] + _MINUTES[text[14:19]] + _FRACTIONS[text[19:]]
    except KeyError:
        return _parse_us(text)


def _parse_us(text: str) -> int | None:
    """Read any form; remember the hour of one that ends in Z."""
    if _matches(text) is None:
        return None
    try:
        delta = _read(text) - EPOCH
    except (ValueError, OverflowError):
        return None
    time_us = delta.days * 86_400_000_000 + delta.seconds * 1_000_000 + delta.microseconds
    if not FIRST_US <= time_us <= LAST_US:
        return None
    if text.endswith("Z"):
        if len(_HOURS) >= _MOST_HOURS:
            _HOURS.clear()
        _HOURS[text[:14]] = time_us - time_us % 3_600_000_000
    return time_us


def format_us(event_time_us: int) -> str:
    """Write epoch microseconds as the wire does: UTC, three fraction digits when they are enough, else six."""
    moment = EPOCH + timedelta(microseconds=event_time_us)
    spec = "milliseconds" if event_time_us % 1000 == 0 else "microseconds"
    return moment.replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def parse_date(text: str) -> date | None:
    """Return a calendar day written as `2026-03-01`, or None."""
    if _DATE.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
