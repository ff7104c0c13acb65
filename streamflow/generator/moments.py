"""When a purchase happened: texts of a file as moments, in the format, zone or origin that a mapping names.

A file of millions of rows names the same hours again and again. So the hour is read once, by the strict parser, and
kept; what is left of a text is minutes and seconds, looked up in a table. Other texts are read slowly.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from streamflow.generator.readings import parse_time

SECOND_US, HOUR_US, DAY_US = 1_000_000, 3_600_000_000, 86_400_000_000
UNITS = {"us": 1, "ms": 1_000, "s": SECOND_US, "min": 60 * SECOND_US, "h": HOUR_US, "d": DAY_US}
EPOCHS = {"epoch_s": SECOND_US, "epoch_ms": 1_000, "epoch_us": 1}
FORMATS = ("iso", *EPOCHS)
MOST_KEPT = 100_000

Moment = tuple[int, str, int]
"""Epoch microseconds, the same in RFC 3339, and the minutes that its place is ahead of UTC."""

MomentReader = Callable[[str], Moment | str]
"""From a text to its moment; a text that is none comes back as the platform is to see it, and reject it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTES = [f"{second // 60:02d}:{second % 60:02d}" for second in range(3600)]
_WITHIN_HOUR = {":" + text: second * SECOND_US for second, text in enumerate(_MINUTES)}
_DAY_PARTS, _CLOCK_PARTS = frozenset("YmdybB"), frozenset("HMSIp")
_QUARTER_US = 900 * SECOND_US


def moment_reader(form: str, zone: tzinfo | None) -> MomentReader:
    """Return how to read times of a format.

    Args:
        form: iso, epoch_s, epoch_ms, epoch_us, or as strptime has it.
        zone: Of texts that name none, and of the clocks that epochs are told by; None leaves texts without zone unread.
    """
    if form in EPOCHS:
        return relative_reader(0, EPOCHS[form], zone)
    return _iso_reader(zone) if form == "iso" else _strptime_reader(form, zone)


def relative_reader(origin_us: int, unit_us: int, zone: tzinfo | None) -> MomentReader:
    """Return how to read numbers that count from an origin.

    Args:
        origin_us: What zero means, epoch microseconds.
        unit_us: What one means, microseconds.
        zone: Of the customers' clocks; UTC without.
    """
    stamp, offset = _stamper(), _offsets(zone or UTC)

    def read(text: str) -> Moment | str:
        try:
            try:
                time_us = origin_us + int(text) * unit_us
            except ValueError:
                time_us = origin_us + round(float(text) * unit_us)
            return time_us, stamp(time_us), offset(time_us)
        except (ValueError, OverflowError):
            return text

    return read


def origin_us(text: str, zone: tzinfo | None) -> int | None:
    """Return an origin, as `2018-04-01`, in epoch microseconds; None when it is no time."""
    read = _iso_reader(zone or UTC)(text)
    return None if isinstance(read, str) else read[0]


def names_no_hour(text: str, form: str) -> bool:
    """Return whether a time of this format is a day without an hour."""
    if "%" in form:
        return not set(_directives(form) or "H") & set("HIcXsT")
    return form == "iso" and len(text) <= len("2024-01-31")


def _iso_reader(zone: tzinfo | None) -> MomentReader:
    hours: dict[str, tuple[int, str, int] | None] = {}
    slow, stamp = _remembered("iso", zone), _stamper()

    def read(text: str) -> Moment | str:
        within = _WITHIN_HOUR.get(text[13:19])
        if within is None:
            return slow(text)
        named, digits = text[19:], "000000"
        if named[:1] == ".":
            digits, named = _fraction(named)
        key = text[:13] + named
        try:
            hour = hours[key]
        except KeyError:
            if len(hours) > MOST_KEPT:
                hours.clear()
            hour = hours[key] = _hour(text[:13], named, zone)
        if hour is None or not digits:
            return slow(text)
        start_us, prefix, offset = hour
        time_us = start_us + within if digits == "000000" else start_us + within + int(digits)
        if prefix:
            return time_us, f"{prefix}{text[14:19]}.{digits}Z", offset
        return time_us, stamp(time_us), offset

    return read


def _fraction(tail: str) -> tuple[str, str]:
    """Return six digits of a fraction and the zone behind it; no digits when there are neither three nor six."""
    for length in (6, 3):
        digits, rest = tail[1 : 1 + length], tail[1 + length :]
        if len(digits) == length and digits.isascii() and digits.isdigit() and not rest[:1].isdigit():
            return digits.ljust(6, "0"), rest
    return "", tail


def _hour(head: str, named: str, zone: tzinfo | None) -> tuple[int, str, int] | None:
    """Return the start of an hour, its text and its offset; None when clocks are changed within it or it is none."""
    try:
        ends = [datetime.fromisoformat(f"{head}:{minutes}{named}") for minutes in ("00:00", "59:59")]
        if ends[0].tzinfo is None:
            if zone is None:
                return None
            ends = [end.replace(tzinfo=zone) for end in ends]
        offsets = [end.utcoffset() for end in ends]
        if offsets[0] is None or offsets[0] != offsets[1]:
            return None
        start = ends[0].astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    # A zone that is not whole hours ahead moves the minutes too, so that its texts are written from the number.
    whole = not offsets[0] % timedelta(hours=1)
    return _us(start), start.strftime("%Y-%m-%dT%H:").zfill(14) if whole else "", int(offsets[0].total_seconds() // 60)


def _strptime_reader(form: str, zone: tzinfo | None) -> MomentReader:
    slow, iso = _remembered(form, zone), _iso_reader(zone)
    day_form, blank, clock_form = form.partition(" ")
    if not blank or not _only(day_form, _DAY_PARTS) or not _only(clock_form, _CLOCK_PARTS):
        return slow
    # Days and times of the day are few; together they make an ISO text.
    days: dict[str, str] = {}
    clocks: dict[str, str] = {}

    def read(text: str) -> Moment | str:
        day, _, clock = text.partition(" ")
        iso_day, iso_clock = days.get(day), clocks.get(clock)
        if iso_day is None:
            found = parse_time(day, day_form)
            iso_day = _keep(days, day, "" if found is None else found.date().isoformat())
        if iso_clock is None:
            found = parse_time(clock, clock_form)
            iso_clock = _keep(clocks, clock, "" if found is None else found.time().isoformat())
        return iso(f"{iso_day}T{iso_clock}") if iso_day and iso_clock else slow(text)

    return read


def _keep(kept: dict[str, str], key: str, value: str) -> str:
    if len(kept) > MOST_KEPT:
        kept.clear()
    kept[key] = value
    return value


def _remembered(form: str, zone: tzinfo | None) -> MomentReader:
    """Return the plain way to read a time, which remembers what it read."""
    known: dict[str, Moment | str] = {}

    def read(text: str) -> Moment | str:
        moment = known.get(text)
        if moment is None:
            if len(known) > MOST_KEPT:
                known.clear()
            moment = known[text] = _parsed(text, form, zone)
        return moment

    return read


def _parsed(text: str, form: str, zone: tzinfo | None) -> Moment | str:
    found = parse_time(text, form)
    if found is None:
        return text
    if found.tzinfo is None:
        if zone is None:
            # No zone and none given: the text goes out as it came, and the contract says bad_timestamp.
            return found.isoformat()
        found = found.replace(tzinfo=zone)
    offset = found.utcoffset() or timedelta(0)
    try:
        utc = found.astimezone(UTC)
    except OverflowError:
        return text
    stamp = utc.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return _us(utc), stamp, int(offset.total_seconds() // 60)


def _stamper() -> Callable[[int], str]:
    """Return how to write epoch microseconds; it raises OverflowError outside the years 1 to 9999."""
    hours: dict[int, str] = {}

    def stamp(time_us: int) -> str:
        hour, rest = divmod(time_us, HOUR_US)
        prefix = hours.get(hour)
        if prefix is None:
            if len(hours) > MOST_KEPT:
                hours.clear()
            prefix = hours[hour] = (_EPOCH + timedelta(hours=hour)).isoformat()[:14]
        second, micro = divmod(rest, SECOND_US)
        return f"{prefix}{_MINUTES[second]}.{micro:06d}Z"

    return stamp


def _offsets(zone: tzinfo) -> Callable[[int], int]:
    """Return how far a zone is ahead of UTC at a moment, in minutes; zones change on quarters of an hour."""
    known: dict[int, int] = {}

    def offset(time_us: int) -> int:
        quarter = time_us // _QUARTER_US
        ahead = known.get(quarter)
        if ahead is None:
            if len(known) > MOST_KEPT:
                known.clear()
            told = (_EPOCH + timedelta(microseconds=quarter * _QUARTER_US)).astimezone(zone).utcoffset()
            ahead = known[quarter] = int((told or timedelta(0)).total_seconds() // 60)
        return ahead

    return offset


def _directives(form: str) -> list[str] | None:
    """Return the letters after each percent sign; None when a sign stands alone."""
    pieces = form.replace("%%", "").split("%")[1:]
    return [piece[0] for piece in pieces] if all(pieces) else None


def _only(form: str, parts: frozenset[str]) -> bool:
    found = _directives(form)
    return bool(found) and set(found or ()) <= parts


def _us(utc: datetime) -> int:
    return (utc - _EPOCH) // timedelta(microseconds=1)
