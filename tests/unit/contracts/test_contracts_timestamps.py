"""Times on the wire and inside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamflow.contracts.timestamps import EPOCH, _parse_us, format_us, parse_date, parse_us


@pytest.mark.parametrize(
    ("text", "event_time_us"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1969-12-31T23:59:59.5Z", -500_000),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T16:00:00-08:00", 0),
        ("2026-03-01T09:15:02.125Z", 1_772_356_502_125_000),
    ],
)
def test_a_time_is_read_to_the_microsecond(text: str, event_time_us: int) -> None:
    """Zones are applied, fractions kept."""
    assert parse_us(text) == event_time_us


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-01",
        "2026-03-01T09:15:02",
        "2026-03-01T09:15Z",
        "2026-03-01T09:15:02z",
        "2026-03-01t09:15:02Z",
        "20260301T091502Z",
        "2026-03-01T09:15:02,5Z",
        "2026-03-01T09:15:02.Z",
        "2026-03-01T09:15:02.1234567Z",
        "2026-03-01T24:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-03-01T09:15:02+15:00",
        "2026-03-01T09:15:02+0100",
        "2026-03-01T09:15:02Z\n",
        " 2026-03-01T09:15:02Z",
    ],
)
def test_what_is_no_time_with_a_zone_is_none(text: str) -> None:
    """Stricter than the library, so that every reader further down agrees."""
    assert parse_us(text) is None


@settings(deadline=None)
@given(st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999))
def test_writing_and_reading_a_time_gives_it_back(event_time_us: int) -> None:
    """From year 1 to 9999."""
    assert parse_us(format_us(event_time_us)) == event_time_us


def test_milliseconds_are_written_short() -> None:
    """Three digits where they are enough."""
    assert format_us(1_772_356_502_125_000) == "2026-03-01T09:15:02.125Z"
    assert format_us(1_772_356_502_125_001) == "2026-03-01T09:15:02.125001Z"


def test_a_date_is_a_calendar_day_and_nothing_else() -> None:
    """Leap days count, weeks and times do not."""
    assert str(parse_date("2024-02-29")) == "2024-02-29"
    assert [parse_date(text) for text in ("2023-02-29", "2024-W01-1", "20240229", "2024-02-29T00:00:00Z")] == [None] * 4


@settings(deadline=None)
@given(st.datetimes(), st.text("0123456789.:TZ+-", max_size=8), st.integers(0, 26))
def test_a_time_whose_hour_is_known_is_read_as_if_it_were_not(moment: datetime, put: str, place: int) -> None:
    """The first reading teaches the hour; texts that only begin like a known one are none."""
    text = moment.isoformat(timespec="milliseconds") + "Z"
    first = parse_us(text)
    assert parse_us(text) == first == (moment.replace(tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1) * 1000
    changed = text[:place] + put + text[place + len(put) :]
    assert parse_us(changed) == _parse_us(changed)
