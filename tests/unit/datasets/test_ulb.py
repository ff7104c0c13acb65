"""The ULB file: what its rows become, and the one sentence for each thing that people have in its place."""

from __future__ import annotations

import gzip
import re
import time
import zipfile
from pathlib import Path

import pytest

from streamflow.datasets.manifest import SAMPLES
from streamflow.datasets.ulb import load_ulb
from streamflow.errors import InputError
from tests.unit.datasets.made_files import ULB_HEADER, ulb_line, whole_ulb_text, write_ulb


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the published number of rows and frauds."""
    path = tmp_path_factory.mktemp("whole") / "creditcard.csv"
    path.write_bytes(whole_ulb_text())
    return path


def test_the_whole_file_is_a_file_whose_figures_are_measured(whole: Path) -> None:
    """All rows and frauds are there, within seconds; what the file lacks is None."""
    began = time.perf_counter()
    read = load_ulb(whole)
    table = read.table()
    assert time.perf_counter() - began < 10
    assert (read.source.kind, read.source.rows, read.source.detail) == ("file", 284_807, "every row that is published")
    assert (len(table), int(table.fraud.sum()), table.status) == (284_807, 492, "measured")
    assert not table.has_date
    assert (table.customer, table.product, table.known_us) == (None, None, None)


def test_the_file_is_the_same_however_it_is_packed(whole: Path, tmp_path: Path) -> None:
    """gzip, zip and Parquet give the frame that the plain file gives."""
    text = whole.read_bytes()
    packed = [tmp_path / "creditcard.csv.gz", tmp_path / "archive.zip", tmp_path / "creditcard.parquet"]
    packed[0].write_bytes(gzip.compress(text, 1))
    with zipfile.ZipFile(packed[1], "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("creditcard.csv", text)
    plain = load_ulb(whole)
    plain.frame.to_parquet(packed[2])
    for path in packed:
        read = load_ulb(path)
        assert read.source.name == path.name
        assert read.frame.equals(plain.frame)


def test_times_become_microseconds_and_amounts_minor_units_and_card_checks_are_set_aside(tmp_path: Path) -> None:
    """A quoted label is a label, half a second is half a million microseconds, nothing is invented."""
    lines = [ulb_line(0, "149.62", 0), ulb_line(1.5, "0.0", 1), ulb_line(172792, "25691.16", '"1"')]
    table = load_ulb(write_ulb(tmp_path / "part.csv", lines), whole=False).table()
    assert table.event_us.tolist() == [0, 172_792_000_000]
    assert table.amount_minor.tolist() == [14_962, 2_569_116]
    assert table.fraud.tolist() == [False, True]
    assert table.set_aside == {"amount_zero": 1}
    assert set(table.missing) == set(ULB_HEADER)
    assert set(table.missing.values()) == {0.0}


def test_a_part_with_weights_says_so_and_keeps_them(tmp_path: Path) -> None:
    """The weights leave the frame and reach the table."""
    lines = [ulb_line(n, "5.00", int(n == 0)) + f",{28480.7},random" for n in range(10)]
    read = load_ulb(write_ulb(tmp_path / "part.csv", lines, [*ULB_HEADER, "weight", "source"]))
    assert "re-weight it to 284,807" in read.source.detail
    assert read.weights.tolist() == [28480.7] * 10
    assert read.table().weight.sum() == pytest.approx(284_807)
    assert list(read.frame.columns) == ULB_HEADER


def test_the_sample_is_known_wherever_a_copy_of_it_lies(tmp_path: Path) -> None:
    """Also unpacked and under the real file's name."""
    unpacked = tmp_path / "creditcard.csv"
    unpacked.write_bytes(gzip.decompress((SAMPLES / "ulb_sample.csv.gz").read_bytes()))
    for path in (SAMPLES / "ulb_sample.csv.gz", unpacked):
        read = load_ulb(path)
        assert (read.source.kind, read.source.rows, read.table().status) == ("sample", 20_000, "simulated")


def _bad_files(folder: Path) -> dict[str, Path]:
    """One file a fault, by the words that its sentence must have."""
    renamed = [name if name != "Amount" else "amount_eur" for name in ULB_HEADER]
    good = [ulb_line(n) for n in range(5)]
    archive = folder / "other.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("readme.txt", "hello")
        opened.writestr("../../escape.bin", "x")
    binary = folder / "binary.csv"
    binary.write_bytes(bytes(range(256)) * 20)
    page = folder / "page.csv"
    page.write_text("<!DOCTYPE html>\n<html><title>Kaggle: Sign in</title></html>")
    empty = folder / "empty.csv"
    empty.write_bytes(b"")
    cut = folder / "cut.csv.gz"
    cut.write_bytes(gzip.compress("\n".join([",".join(ULB_HEADER), *good * 4000]).encode())[:-200])
    spaces = folder / "tabs.csv"
    spaces.write_text("\t".join(ULB_HEADER) + "\n")
    return {
        r"missing\.csv line 1: the column 'V28' is missing; the file has 30 columns": write_ulb(
            folder / "missing.csv", [], [name for name in ULB_HEADER if name != "V28"]
        ),
        r"renamed\.csv line 1: the column 'Amount' is missing; was it renamed to 'amount_eur'\?": write_ulb(
            folder / "renamed.csv", good, renamed
        ),
        r"twice\.csv line 1: the column 'Time' stands there 2 times": write_ulb(
            folder / "twice.csv", good, ["Time", *ULB_HEADER]
        ),
        r"unknown\.csv line 1: the column 'wieght' is unknown; did you mean 'weight'\?": write_ulb(
            folder / "unknown.csv", good, [*ULB_HEADER, "wieght"]
        ),
        r"semicolons\.csv line 1: the columns are separated by semicolons": write_ulb(
            folder / "semicolons.csv", [], [";".join(ULB_HEADER)]
        ),
        r"tabs\.csv line 1: the columns are separated by tabs": spaces,
        r"half\.csv has 5 of 284,807 rows": write_ulb(folder / "half.csv", good),
        r"header\.csv has a header and no rows": write_ulb(folder / "header.csv", []),
        r"empty\.csv is empty": empty,
        r"binary\.csv is no CSV: it holds binary data": binary,
        r"page\.csv is a web page .* sign in": page,
        r"other\.zip is an archive without creditcard\.csv; it holds readme\.txt": archive,
        r"cut\.csv\.gz is damaged, most likely half a download": cut,
        r"word\.csv line 4: the column 'Amount' must be a number, not 'twelve'": write_ulb(
            folder / "word.csv", [ulb_line(), ulb_line(), ulb_line(2, "twelve"), ulb_line()]
        ),
        r"short\.csv line 3 has 2 cells, and the header has 31": write_ulb(folder / "short.csv", [ulb_line(), "1,2"]),
        r"gap\.csv line 3: the column 'Amount' has no value": write_ulb(
            folder / "gap.csv", [ulb_line(), ulb_line(1, "")]
        ),
        r"label\.csv line 3: the column 'Class' must be 0 or 1, not 2": write_ulb(
            folder / "label.csv", [ulb_line(), ulb_line(1, "1", 2)]
        ),
        r"refund\.csv line 2: the column 'Amount' must be 0 or more, not -3": write_ulb(
            folder / "refund.csv", [ulb_line(0, "-3")]
        ),
        r"weights\.csv: the column 'weight' sums to 5, and it must sum to 284,807": write_ulb(
            folder / "weights.csv", [line + ",1" for line in good], [*ULB_HEADER, "weight"]
        ),
        r"is a folder: name the file in it": folder,
        r"There is no file .*hal\.csv; did you mean 'half\.csv'\?": folder / "hal.csv",
    }


def test_each_bad_file_is_one_sentence_that_names_the_place_and_nothing_is_written(tmp_path: Path) -> None:
    """Twenty-one things that people have in place of the file."""
    cases = _bad_files(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    for pattern, path in cases.items():
        with pytest.raises(InputError, match=pattern) as caught:
            load_ulb(path)
        sentence = str(caught.value)
        assert "\n" not in sentence
        assert re.search(r"[.?]$", sentence)
    assert len(cases) == 21
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_half_a_download_of_the_right_kind_names_both_counts(tmp_path: Path) -> None:
    """Unless a part is asked for, which then says that it is one."""
    path = tmp_path / "creditcard.csv"
    path.write_bytes(whole_ulb_text(rows=142_403))
    with pytest.raises(InputError, match=r"142,403 of 284,807 rows"):
        load_ulb(path)
    assert load_ulb(path, whole=False).source.detail.startswith("142403 rows in the shape of")


def test_a_million_and_a_half_rows_load_within_seconds(tmp_path: Path) -> None:
    """Five times the real file."""
    header, body = whole_ulb_text(rows=100_000).split(b"\n", 1)
    path = tmp_path / "long.csv"
    path.write_bytes(header + b"\n" + body * 15)
    began = time.perf_counter()
    table = load_ulb(path, whole=False).table()
    assert time.perf_counter() - began < 20
    assert len(table) == 1_500_000
