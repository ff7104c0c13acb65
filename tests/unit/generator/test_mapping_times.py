"""Times as files write them: quick and slow ways agree, numbers count from an origin, a label has its own moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamflow.errors import InputError
from streamflow.generator.cells import Row, open_table
from streamflow.generator.mapping import DAY_US, Mapped
from streamflow.generator.moments import Moment, moment_reader
from streamflow.generator.own_files import OwnFile
from streamflow.generator.readings import Money, money_reader, parse_minor
from streamflow.generator.time_order import in_time_order
from tests.unit.generator.test_mapping import COLUMNS, mapping, read

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")
NOON_US = 1_704_110_400_000_000  # 2024-01-01T12:00:00Z


def plain(text: str, form: str, zone: str) -> Moment | str:
    """Read a time with the standard library alone."""
    try:
        found = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007
    except ValueError:
        return text
    found = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))
    offset = found.utcoffset() or timedelta(0)
    utc = found.astimezone(UTC)
    stamp = utc.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return (
        (utc - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1),
        stamp,
        int(offset.total_seconds() // 60),
    )


@given(
    st.datetimes(datetime(1890, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    st.sampled_from(ZONES),
    st.sampled_from(["", ".123", ".123456", ".1", "Z", "+05:30", ".250-08:00", ".000001+02:00"]),
    st.sampled_from([" ", "T"]),
)
def test_iso_times_are_read_as_the_standard_library_reads_them(
    moment: datetime, zone: str, tail: str, gap: str
) -> None:
    """In any zone, on the day when clocks change, with and without a fraction and a zone of its own."""
    read_time = moment_reader("iso", ZoneInfo(zone))
    for near in (moment, moment + timedelta(minutes=17), moment):
        text = near.strftime(f"%Y-%m-%d{gap}%H:%M:%S") + tail
        assert read_time(text) == plain(text, "iso", zone)


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2068, 12, 31)),  # noqa: DTZ001
    st.sampled_from(ZONES),
    st.sampled_from(["%d.%m.%Y %H:%M", "%m/%d/%y %I:%M:%S %p", "%d %b %Y %H:%M", "%Y%m%d%H%M%S", "%d/%m/%Y"]),
)
def test_other_formats_are_read_as_the_standard_library_reads_them(moment: datetime, zone: str, form: str) -> None:
    """Also without leading zeros, as templates of several columns give them."""
    read_time = moment_reader(form, ZoneInfo(zone))
    for text in (
        moment.strftime(form),
        moment.strftime(form).replace("/0", "/").replace(" 0", " "),
        "31.02.2024 12:00",
    ):
        assert read_time(text) == plain(text, form, zone)


@given(
    st.one_of(st.decimals(allow_nan=True, places=2).map(str), st.text("0123456789.,-() $eE+", max_size=18)),
    st.sampled_from(
        [Money(), Money(symbols="$", thousands=","), Money(decimal=",", thousands="."), Money(unit="minor")]
    ),
)
def test_quick_amounts_equal_careful_ones(text: str, money: Money) -> None:
    """Every shortcut gives what the decimal arithmetic gives."""
    assert money_reader(money)(text) == parse_minor(text, money)


@pytest.mark.parametrize("text", ["2024-02-30 10:00:00", "2024-01-01 25:00:00", "0001-01-01 00:00:00", "2024", ""])
def test_what_is_no_time_goes_out_as_it_came(text: str) -> None:
    """Year one in Berlin lies before all years in UTC."""
    assert moment_reader("iso", ZoneInfo("Europe/Berlin"))(text) == text


@pytest.mark.parametrize(
    ("origin", "unit", "text", "wanted_us"),
    [
        ("2024-01-01", "h", "12", NOON_US),
        ("2024-01-01", "s", "43200", NOON_US),
        ("2024-01-01", "s", "43200.0", NOON_US),
        ("2024-01-01T06:00:00", "min", "360", NOON_US),
        ("2023-12-31", "d", "1.5", NOON_US),
        ("2024-01-01", "ms", "43200000", NOON_US),
    ],
)
def test_a_number_counts_from_the_origin(tmp_path: Path, origin: str, unit: str, text: str, wanted_us: int) -> None:
    """PaySim counts hours, the Fraud Detection Handbook seconds; pandas writes them with a point."""
    fields = {"event_timestamp": {"column": "when", "origin": origin, "unit": unit}}
    mapped = read(tmp_path, ["anna", text, "1", "No"], fields=fields, timezone="UTC")
    assert mapped.event_us == wanted_us
    assert mapped.record["event_timestamp"] == "2024-01-01T12:00:00.000000Z"


def test_an_origin_lies_in_the_zone_of_the_mapping(tmp_path: Path) -> None:
    """Midnight in Berlin is an hour before midnight in UTC; the offset is kept for the hours of the customer."""
    fields = {"event_timestamp": {"column": "when", "origin": "2024-01-01", "unit": "h"}}
    mapped = read(tmp_path, ["anna", "13", "1", "No"], fields=fields)
    assert (mapped.event_us, mapped.record["utc_offset_min"]) == (NOON_US, 60)


def test_an_epoch_has_the_local_hours_of_the_zone(tmp_path: Path) -> None:
    """The moment is UTC whatever the zone; customers sleep by their own clocks."""
    fields = {"event_timestamp": {"column": "when", "format": "epoch_s"}}
    mapped = read(tmp_path, ["anna", str(NOON_US // 1_000_000), "1", "No"], fields=fields)
    assert (mapped.event_us, mapped.record["utc_offset_min"]) == (NOON_US, 60)


@pytest.mark.parametrize("text", ["", "soon", "inf", "nan", "1e300"])
def test_a_number_that_is_none_is_no_time(tmp_path: Path, text: str) -> None:
    """It goes out as it came, and the platform rejects it."""
    fields = {"event_timestamp": {"column": "when", "origin": "2024-01-01", "unit": "h"}}
    mapped = read(tmp_path, ["anna", text, "1", "No"], fields=fields)
    assert mapped.event_us is None
    assert mapped.record.get("event_timestamp", "") == text


def charged_back(tmp_path: Path, text: str, state: str = "Yes", **known_at: Any) -> Mapped:
    """Return a row of New Year's noon in Berlin with a chargeback date."""
    label = {
        "column": "Is Fraud?",
        "positive": ["Yes"],
        "negative": ["No"],
        "delay_days": 5,
        "known_at": {"column": "charged back", **known_at},
    }
    known = mapping(tmp_path, label=label)
    row_of = known.reader([*COLUMNS, "charged back"], Path("own.csv"))
    return row_of(Row(["anna", "2024-01-01 13:00:00", "5.00", state, text]), 1)


@pytest.mark.parametrize(
    ("text", "state", "days"),
    [
        ("2024-01-04 13:00:00", "Yes", 3),
        ("2024-01-03", "Yes", 2 + 11 / 24),
        ("2023-12-24 13:00:00", "Yes", 0),
        ("", "Yes", 5),
        ("later", "Yes", 5),
        ("2024-01-04 13:00:00", "No", 5),
    ],
)
def test_a_label_is_known_when_the_file_says(tmp_path: Path, text: str, state: str, days: float) -> None:
    """A day counts from its end; never before the purchase; the delay where the file does not say."""
    mapped = charged_back(tmp_path, text, state)
    known = mapping(tmp_path, label={"column": "Is Fraud?", "positive": ["Yes"], "delay_days": 5})
    assert mapped.event_us == NOON_US
    assert known.known_us(mapped, NOON_US) - NOON_US == round(days * DAY_US)


def test_a_chargeback_goes_out_at_the_moment_that_the_file_names(tmp_path: Path) -> None:
    """Two frauds on one day: one with a date, one without."""
    path = tmp_path / "own.csv"
    path.write_text(
        ",".join([*COLUMNS, "charged back"])
        + "\nanna,2024-01-01 13:00:00,5.00,Yes,2024-01-03 13:00:00\nbert,2024-01-01 13:00:00,5.00,Yes,\n"
    )
    label = {"column": "Is Fraud?", "positive": ["Yes"], "delay_days": 9, "known_at": {"column": "charged back"}}
    own = OwnFile(open_table(path), mapping(tmp_path, label=label), NOON_US + 100 * DAY_US)
    stamps = [one.timestamp_ms * 1000 - NOON_US for one in own.emissions(tmp_path)]
    assert stamps == [0, 0, 2 * DAY_US, 9 * DAY_US]


def test_the_moment_of_a_label_survives_sorting_from_disk(tmp_path: Path) -> None:
    """It is as much of a row as its label."""
    rows = [Mapped({"n": n}, 10 - n, label=True, rounded=False, known_us=100 + n) for n in range(10)]
    assert [one.known_us for one in in_time_order(rows, tmp_path, chunk_rows=3)] == [109 - n for n in range(10)]


@pytest.mark.parametrize(
    ("time", "sentence"),
    [
        ({"origin": "2024-01-01"}, "needs both 'origin' and 'unit'"),
        ({"origin": "2024-01-01", "unit": "hours"}, "the unit 'hours' is unknown; "),
        ({"origin": "then", "unit": "h"}, "the origin 'then' is no time"),
        ({"origin": "2024-01-01", "unit": "h", "format": "iso"}, "not both"),
    ],
)
def test_a_wrong_origin_is_one_sentence(tmp_path: Path, time: dict[str, str], sentence: str) -> None:
    """Of a field and of the moment of a label alike, with file and line."""
    for changes in (
        {"fields": {"event_timestamp": {"column": "when", **time}}},
        {"label": {"column": "Is Fraud?", "positive": ["Yes"], "known_at": {"column": "who", **time}}},
    ):
        with pytest.raises(InputError, match=r"map\.yaml line \d+: ") as caught:
            mapping(tmp_path, **changes)
        assert sentence in str(caught.value)


def test_quotes_are_stripped_and_persons_become_tokens(tmp_path: Path) -> None:
    """Distinct ones stay distinct, equal ones equal, and none can be read."""
    fields = {"customer_id": {"column": "who", "strip": "'", "token": True}}
    ids = [
        read(tmp_path, [who, "2024-07-01", "1", "No"], fields=fields).record["customer_id"]
        for who in ("'anna@example.org'", "anna@example.org", "bert@example.org")
    ]
    assert ids[0] == ids[1] != ids[2]
    assert all(one.startswith("tok-") and "@" not in one for one in ids)


def test_the_same_word_on_both_sides_of_a_label_is_refused(tmp_path: Path) -> None:
    """Nobody could say what it means."""
    label = {"column": "Is Fraud?", "positive": ["Yes"], "negative": ["Yes", "No"]}
    with pytest.raises(InputError, match="'Yes' is both positive and negative"):
        mapping(tmp_path, label=label)
