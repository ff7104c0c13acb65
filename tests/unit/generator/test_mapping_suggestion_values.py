"""What columns hold is found out: currencies, coordinates, times and amounts; every doubt is told."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from streamflow.generator.suggestion.proposal import propose
from streamflow.generator.suggestion.sample import take_sample
from tests.unit.generator.proposal_cases import carried, of, sources


def test_a_currency_other_than_the_base_is_told_and_mixed_ones_too(tmp_path: Path) -> None:
    """The file runs with its own currency as the base; codes in lower case are translated."""
    rows = [
        [f"o{n}", f"c{n % 9}", f"2024-03-01 10:{n % 60:02d}:00", "5.25", "chf" if n % 10 == 0 else "EUR"]
        for n in range(60)
    ]
    path = of(tmp_path, "order_id,customer_id,date,amount,currency", rows)
    proposal = propose(take_sample(path), "USD")
    assert proposal.base_currency == "EUR"
    assert any("currencies are mixed" in sentence for sentence in proposal.warnings)
    check = carried(path, proposal)
    assert check.currencies == {"EUR": 54, "CHF": 6}
    assert [(one.reason, one.rows) for one in check.set_aside] == [("unsupported_currency", 6)]


def places(tmp_path: Path, north: str, east: str) -> Path:
    """Write purchases in New York under two names of columns."""
    rows = [
        [
            f"o{n}",
            f"c{n % 9}",
            f"2024-03-01 10:{n % 60:02d}:00",
            "5.25",
            f"{40.7 + n / 1000:.4f}",
            f"{-97.9 - n / 1000:.4f}",
        ]
        for n in range(60)
    ]
    return of(tmp_path, f"order_id,customer_id,date,amount,{north},{east}", rows)


@pytest.mark.parametrize("names", [("lat", "lon"), ("lon", "lat")])
def test_swapped_coordinates_are_told_and_exchanged(tmp_path: Path, names: tuple[str, str]) -> None:
    """A latitude beyond 90 degrees is none."""
    path = places(tmp_path, *names)
    proposal = propose(take_sample(path), "USD")
    swapped = names[0] == "lon"
    assert any("latitude and longitude look swapped" in one for one in proposal.warnings) == swapped
    assert sources(proposal)["latitude"] == names[0]
    assert carried(path, proposal).purchases == 60


def dated(tmp_path: Path, form: str, *, days: int = 12, delimiter: str = ",") -> Path:
    """Write purchases on the first days of April to June, in a format."""
    rows = [[f"o{n}", f"c{n % 9}", form.format(day=1 + n % days, month=4 + n // days), "5.25"] for n in range(3 * days)]
    path = tmp_path / "own.csv"
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([["order_id", "customer_id", "date", "amount"], *rows])
    return path


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        ("{day:02d}/{month:02d}/2024 10:00", "%d/%m/%Y %H:%M"),
        ("{month:02d}/{day:02d}/2024 10:00", "%m/%d/%Y %H:%M"),
        ("{month}/{day}/2024 1:05 PM", "%m/%d/%Y %I:%M %p"),
    ],
)
def test_the_order_of_rows_decides_between_day_and_month(tmp_path: Path, form: str, wanted: str) -> None:
    """Where both would do, rows are more likely in order of time than not."""
    proposal = propose(take_sample(dated(tmp_path, form)), "USD")
    spec = next(line.spec for line in proposal.lines if line.field == "event_timestamp")
    assert spec["format"] == wanted


def test_a_time_that_fits_two_formats_is_a_guess_and_said_so(tmp_path: Path) -> None:
    """One row tells nothing; the separator of the file speaks for days first."""
    rows = [["o1", "c1", "03/04/2024 10:00", "5.25"], ["o2", "c1", "03/04/2024 11:00", "5.25"]]
    proposal = propose(take_sample(of(tmp_path, "order_id,customer_id,date,amount", rows)), "USD")
    line = next(line for line in proposal.lines if line.field == "event_timestamp")
    assert line.confidence != "sure"
    assert any("is a guess, look at it" in one for one in proposal.warnings)


@pytest.mark.parametrize(
    ("amounts", "money"),
    [
        (["1,234.56", "12.00", "7.50"], {"thousands": ","}),
        (["1.234,56", "12,00", "7,50"], {"decimal": ",", "thousands": "."}),
        (["1'234.50", "12.00", "7.50"], {"thousands": "'"}),
        (["1 234,50 \u20ac", "12,00 \u20ac", "7,50 \u20ac"], {"symbols": "\u20ac", "decimal": ","}),
        (["$12.00", "$7.50", "$1.25"], {"symbols": "$"}),
        (["EUR 12.00", "EUR 7.50", "EUR 1.25"], {"symbols": "ERU"}),
        (["12", "7", "3"], {}),
    ],
)
def test_the_way_amounts_are_written_is_found(tmp_path: Path, amounts: list[str], money: dict[str, str]) -> None:
    """And all of them are read."""
    rows = [[f"o{n}", f"c{n}", "2024-03-01 10:00:00", amounts[n % 3]] for n in range(30)]
    path = of(tmp_path, "order_id,customer_id,date,amount", rows)
    proposal = propose(take_sample(path), "USD")
    spec = next(line.spec for line in proposal.lines if line.field == "amount_minor")
    assert spec.get("money", {}) == money
    assert carried(path, proposal).purchases == 30


def test_whole_numbers_that_end_as_prices_do_are_taken_for_minor_units_and_told(tmp_path: Path) -> None:
    """A guess, and said so."""
    rows = [
        [f"o{n}", f"c{n % 9}", "2024-03-01 10:00:00", str(100 * (5 + n % 70) + (99, 95, 50)[n % 3])] for n in range(90)
    ]
    proposal = propose(take_sample(of(tmp_path, "order_id,customer_id,date,amount", rows)), "USD")
    line = next(line for line in proposal.lines if line.field == "amount_minor")
    assert line.spec["money"] == {"unit": "minor"}
    assert any("leave doubt" in one for one in proposal.warnings)
