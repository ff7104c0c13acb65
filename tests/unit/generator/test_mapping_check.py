"""A whole file through its mapping, without a server: every row counts or is set aside, and every oddity has a line."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.errors import InputError
from streamflow.generator.mapping import load_mapping
from streamflow.generator.mapping_check import MappingCheck, Seen, check_mapping
from streamflow.generator.mapping_words import sentences
from streamflow.generator.places_check import Places
from tests.unit.generator.mapping_files import write
from tests.unit.generator.worlds import CONTRACTS

CATALOGUE = Catalogue.load(CONTRACTS)
CONTRACT = CATALOGUE.topic(TRANSACTIONS_RAW)
VALIDATOR = build_validator(CATALOGUE, "USD")
MAPPING = """\
timezone: UTC
fields:
  transaction_id: {column: id}
  customer_id: {column: who}
  event_timestamp: {column: at}
  amount_minor: {column: total}
  currency: {column: currency}
  latitude: {column: lat}
  longitude: {column: lon}
label:
  column: state
  positive: [fraud]
  negative: [ok]
  delay_days: 2
  known_at: {column: back}
"""
HEAD = "id,who,at,total,currency,lat,lon,state,back\n"


def row(number: int, **changes: str) -> str:
    """Return a row of the second of March; the number is its minute."""
    cells = {
        "id": str(number),
        "who": "anna",
        "at": f"2025-03-02 10:{number:02d}:00",
        "total": "10.00",
        "currency": "USD",
        "lat": "52.5",
        "lon": "13.4",
        "state": "ok",
        "back": "",
    } | changes
    return ",".join(cells.values()) + "\n"


def checked(folder: Path, *rows: str, mapping: str = MAPPING, most_rows: int | None = None) -> MappingCheck:
    """Write a file and its mapping, and check them."""
    (folder / "own.csv").write_text(HEAD + "".join(rows))
    (folder / "own.yaml").write_text(mapping)
    known = load_mapping(folder / "own.yaml", CONTRACT)
    return check_mapping(folder / "own.csv", known, VALIDATOR, most_rows=most_rows)


def test_a_clean_file_has_no_sentence(tmp_path: Path) -> None:
    """Three purchases, one of them fraud, known a day later."""
    check = checked(tmp_path, row(1), row(2, state="fraud", back="2025-03-03 10:02:00"), row(3, who="bert"))
    assert (check.rows, check.purchases, check.set_aside, check.complete) == (3, 3, (), True)
    assert (check.customers.distinct, check.customers.once, check.customers.most) == (2, 1, 2)
    assert check.labels is not None
    assert (check.labels.fraud, check.labels.legitimate, check.labels.with_moment) == (1, 2, 1)
    assert check.labels.days_p50 == 1.0
    assert (check.times.first, check.times.last) == ("2025-03-02T10:01:00.000Z", "2025-03-02T10:03:00.000Z")
    assert len(sentences(check)) == 1


def test_rows_are_set_aside_by_reason_and_field_with_their_first_line(tmp_path: Path) -> None:
    """The header is line 1; an empty line counts, and so does one within quotes."""
    check = checked(
        tmp_path,
        row(1),
        "\n",
        row(2, total="-4.00"),
        row(3, total="0"),
        row(4, lat="95"),
        row(5, state="perhaps"),
        row(6, currency="EUR"),
        row(7, at="yesterday"),
        row(8, who='"two\nlines"'),
        row(9, total="free"),
    )
    told = {(one.reason, one.rows, one.first) for one in check.set_aside}
    assert told == {
        ("out_of_range", 2, 4),
        ("out_of_range", 1, 6),
        ("label_unknown", 1, 7),
        ("unsupported_currency", 1, 8),
        ("bad_timestamp", 1, 9),
        ("bad_pattern", 1, 11),
        ("wrong_type", 1, 12),
    }
    assert check.purchases == 1
    assert check.rows == 9
    assert (check.negative, check.zero) == (Seen(1, 4), Seen(1, 5))
    assert check.labels is not None
    assert check.labels.third == {"perhaps": 1}
    assert check.currencies == {"USD": 8, "EUR": 1}
    said = "\n".join(sentences(check))
    for part in ("the field 'latitude' must be", "first in line 4", "Currencies are mixed", "'perhaps' 1"):
        assert part in said


def test_time_that_goes_backwards_is_told_with_how_far(tmp_path: Path) -> None:
    """The third row lies 20 minutes behind the newest before it."""
    check = checked(tmp_path, row(1), row(30), row(10), row(20), row(40))
    assert check.times.backwards == Seen(1, 4)
    assert check.times.furthest_back_s == 20 * 60
    assert "Time goes backwards in 1 row (first in line 4), by up to 20 minutes" in "\n".join(sentences(check))


def test_times_without_a_zone_are_told(tmp_path: Path) -> None:
    """Nobody guesses one; nothing is a purchase then."""
    check = checked(tmp_path, row(1), row(2), mapping=MAPPING.replace("timezone: UTC\n", ""))
    assert (check.purchases, check.times.without_zone) == (0, 2)
    said = sentences(check)
    assert said[0] == "No row of own.csv is a purchase under this mapping."
    assert any("set 'timezone' in the mapping" in one for one in said)


def test_days_without_hours_are_told(tmp_path: Path) -> None:
    """Everything at midnight means that nobody wrote the hour."""
    check = checked(tmp_path, *(row(n, at=f"2025-03-{n:02d}") for n in range(1, 9)))
    assert check.times.midnight_share == 1.0
    assert any("days without hours" in one for one in sentences(check))


def test_rounded_ragged_and_repeated_rows_are_told(tmp_path: Path) -> None:
    """The same id of another customer is no repetition."""
    check = checked(
        tmp_path,
        row(1),
        row(2, total="1.005"),
        row(3) + "4,anna\n",
        row(1, at="2025-03-02 11:00:00"),
        row(1, who="bert"),
    )
    assert check.rounded == Seen(1, 3)
    assert check.ragged == Seen(1, 5)
    assert check.repeated == Seen(1, 6)


def test_moments_of_labels_that_mean_nothing_are_told(tmp_path: Path) -> None:
    """One that is no time, one before the purchase, one that is missing."""
    rows = [row(n, state="fraud", back=back) for n, back in enumerate(["soon", "2025-02-01 00:00:00", ""])]
    check = checked(tmp_path, *rows)
    assert check.labels is not None
    assert (check.labels.moment_unread, check.labels.moment_before_purchase, check.labels.with_moment) == (1, 1, 1)


def test_coordinates_swapped_in_some_rows_are_suspected(tmp_path: Path) -> None:
    """A shop of one region has a middle; a traveller to far away is no suspect, a row mirrored there is."""
    rows = [row(n, lat=f"{52 + n / 100}", lon=f"{13 + n / 100}") for n in range(40)]
    rows += [row(41, lat="13.4", lon="52.5"), row(42, lat="-33.9", lon="151.2"), row(43, lat="0", lon="0")]
    check = checked(tmp_path, *rows)
    assert (check.places.swapped, check.places.swapped_first, check.places.at_zero) == (1, 42, 1)
    assert not check.places.columns_swapped


def test_coordinates_swapped_in_all_rows_are_suspected() -> None:
    """Purchases in Los Angeles: a latitude of -118 is none; in Sydney 151 is none."""
    for north, east in ((-118.2, 34.1), (151.2, -33.9), (-87.6, 41.9)):
        wrong, right = Places(), Places()
        for number in range(30):
            wrong.add(north + number / 100, east, number)
            right.add(east, north + number / 100, number)
        assert wrong.result().columns_swapped
        assert not right.result().columns_swapped
        assert right.result().swapped == 0


def test_places_all_over_the_world_are_no_suspects() -> None:
    """Without a middle nothing lies far from it."""
    draw = np.random.default_rng(3)
    spread = Places()
    for number, (north, east) in enumerate(zip(draw.uniform(-50, 65, 500), draw.uniform(-170, 170, 500), strict=True)):
        spread.add(float(north), float(east), number)
    seen = spread.result()
    assert (seen.given, seen.swapped, seen.columns_swapped) == (500, 0, False)


def test_the_first_rows_alone_can_be_checked(tmp_path: Path) -> None:
    """And the outcome says that these are not all."""
    check = checked(tmp_path, *(row(n) for n in range(9)), most_rows=4)
    assert (check.rows, check.purchases, check.complete) == (4, 4, False)


def test_a_parquet_file_has_rows_in_place_of_lines(tmp_path: Path) -> None:
    """The second row is row 2."""
    import pyarrow
    from pyarrow import parquet

    cells = [row(1).strip().split(","), row(2, total="-1").strip().split(",")]
    names = HEAD.strip().split(",")
    parquet.write_table(
        pyarrow.table(dict(zip(names, zip(*cells, strict=True), strict=True))), tmp_path / "own.parquet"
    )
    (tmp_path / "own.yaml").write_text(MAPPING)
    check = check_mapping(tmp_path / "own.parquet", load_mapping(tmp_path / "own.yaml", CONTRACT), VALIDATOR)
    assert (check.unit, check.purchases, check.set_aside[0].first) == ("row", 1, 2)


@pytest.mark.parametrize("shape", ["handbook", "sparkov", "paysim", "tabformer"])
def test_a_shipped_mapping_carries_the_data_set_that_it_is_for(tmp_path: Path, shape: str) -> None:
    """All rows but refunds are purchases, and some are fraud."""
    mapping = load_mapping(CONTRACTS.parent / "data" / "mappings" / f"{shape}.yaml", CONTRACT)
    check = check_mapping(write(tmp_path, shape, 500), mapping, VALIDATOR)
    assert check.purchases == 500 - (check.negative.rows if check.negative else 0) > 450
    assert check.labels is not None
    assert check.labels.fraud > 3


@pytest.mark.parametrize("cut", [20, 400])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, cut: int) -> None:
    """Also where only the middle of it is broken."""
    draw = np.random.default_rng(1)
    text = HEAD + "".join(row(n % 60, id=draw.bytes(12).hex()) for n in range(900))
    data = bytearray(gzip.compress(text.encode()))
    path = tmp_path / "own.csv.gz"
    path.write_bytes(data[:-cut] if cut == 20 else bytes(data[:9000]) + b"\xff" * 50 + bytes(data[9050:]))
    (tmp_path / "own.yaml").write_text(MAPPING)
    with pytest.raises(InputError, match=r"own\.csv\.gz is a damaged gzip file"):
        check_mapping(path, load_mapping(tmp_path / "own.yaml", CONTRACT), VALIDATOR)
