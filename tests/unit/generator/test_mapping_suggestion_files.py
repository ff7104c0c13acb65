"""A proposal for whatever file there is: separators, encodings, containers, large files, and what no mapping fits."""

from __future__ import annotations

import csv
import gzip
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamflow.errors import InputError
from streamflow.generator.suggestion.proposal import propose
from streamflow.generator.suggestion.sample import take_sample
from tests.unit.generator.mapping_files import write
from tests.unit.generator.proposal_cases import carried, sources


def test_separators_encodings_and_containers(tmp_path: Path) -> None:
    """Tabs, bars, UTF-16, a byte order mark, gzip and Parquet give the same fields."""
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    path = write(tmp_path, "handbook", 300)
    text = path.read_text()
    (tmp_path / "tabs.txt").write_text(text.replace(",", "\t"))
    (tmp_path / "bars.csv").write_text(text.replace(",", "|"))
    (tmp_path / "wide.csv").write_text(text, encoding="utf-16")
    (tmp_path / "marked.csv").write_text(text, encoding="utf-8-sig")
    (tmp_path / "small.csv.gz").write_bytes(gzip.compress(text.encode()))
    parquet.write_table(arrow_csv.read_csv(path), tmp_path / "columns.parquet")
    plain = sources(propose(take_sample(path), "USD"))
    assert plain["merchant_id"] == "TERMINAL_ID"
    names = ("tabs.txt", "bars.csv", "wide.csv", "marked.csv", "small.csv.gz", "columns.parquet")
    for name in names:
        proposal = propose(take_sample(tmp_path / name), "USD")
        assert sources(proposal) == plain, name
        assert carried(tmp_path / name, proposal).purchases == 300, name


@pytest.mark.parametrize("name", ["large.csv", "large.csv.gz", "large.parquet"])
def test_a_large_file_is_sampled_across(tmp_path: Path, name: str) -> None:
    """A word that only stands at the end of the file is seen."""
    import pyarrow
    from pyarrow import parquet

    columns = "order_id,customer_id,date,amount,status".split(",")  # noqa: SIM905
    rows = [
        [
            f"o{n}",
            f"c{n % 99}",
            f"2024-03-{1 + n // 500:02d} 10:00:00",
            "5.25",
            "fraud" if n > 9_000 and n % 9 == 0 else "ok",
        ]
        for n in range(12_000)
    ]
    path = tmp_path / name
    if name.endswith("parquet"):
        table = pyarrow.table({column: [row[at] for row in rows] for at, column in enumerate(columns)})
        parquet.write_table(table, path, row_group_size=500)
    else:
        data = "\n".join(",".join(row) for row in [columns, *rows]).encode()
        path.write_bytes(gzip.compress(data, 1) if name.endswith("gz") else data)
    sample = take_sample(path)
    assert 5_100 < len(sample.rows) < 11_000
    proposal = propose(sample, "USD")
    assert proposal.label is not None
    assert proposal.label["positive"] == ["fraud"]
    assert len({row[0] for row in sample.rows}) == len(sample.rows)
    assert sources(proposal)["transaction_id"] == "order_id"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty"),
        ("order_id,customer_id,date,amount\n", "has names of columns, but no rows"),
        ("just text\nmore text\n", "has one column, 'just text'"),
        ("1,2024-01-01,5.00,0\n2,2024-01-01,6.00,1\n", "no line with the names of its columns"),
        ("order_id,amount\no1,5.00\no2,7.00\n", "has no column that holds times of purchases"),
        ("order_id,date,amount\no1,2024-01-01,free\no2,2024-01-02,free\n", "amounts; 'amount' holds words"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_mapped_is_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    """It names the file and what it lacks."""
    path = tmp_path / "own.csv"
    path.write_text(content)
    with pytest.raises(InputError, match="own") as caught:
        propose(take_sample(path), "USD")
    assert sentence in str(caught.value)


def test_a_missing_and_a_cut_file_are_one_sentence(tmp_path: Path) -> None:
    """The nearest name is in it."""
    path = write(tmp_path, "handbook", 50)
    with pytest.raises(InputError, match=r"did you mean 'handbook\.csv'\?"):
        take_sample(tmp_path / "handbok.csv")
    (tmp_path / "cut.parquet").write_bytes(b"PAR1" + path.read_bytes())
    with pytest.raises(InputError, match="is no Parquet file"):
        take_sample(tmp_path / "cut.parquet")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(path.read_bytes())[:-20])
    with pytest.raises(InputError, match="damaged gzip"):
        take_sample(tmp_path / "cut.csv.gz")


CELLS = st.one_of(
    st.sampled_from(
        ["", "0", "1", "yes", "NULL", "-5.00", "1,5", "12.25", "2024-01-01", "2024-01-01T10:00:00Z", "x'y", "'q'"]
    ),
    st.text(max_size=12),
    st.floats(allow_nan=True).map(str),
)
NAMES = st.one_of(
    st.sampled_from(
        ["amount", "date", "customer_id", "is_fraud", "lat", "lon", "currency", "channel", "qty", "a:b", "{x}", "t\nu"]
    ),
    st.text(min_size=1, max_size=8),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(NAMES, min_size=2, max_size=7), st.lists(st.lists(CELLS, min_size=2, max_size=7), min_size=1, max_size=12)
)
def test_whatever_a_file_holds_the_proposal_loads_or_a_sentence_says_why(
    tmp_path: Path, names: list[str], rows: list[list[str]]
) -> None:
    """Never a stack trace, never a mapping that does not load or names a column that is not there."""
    path = tmp_path / "own.csv"
    columns = ["when", "total", *names]
    whole = [[f"2024-01-01T10:00:{n:02d}", f"{n}.50", *row] for n, row in enumerate(rows)]
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        csv.writer(file).writerows([columns, *whole])
    with suppress(InputError):
        assert carried(path, propose(take_sample(path), "USD")).rows >= 1
